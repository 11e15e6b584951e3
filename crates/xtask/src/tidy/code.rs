//! A very small view of Rust text: where comments and literals are, where functions begin and end.
//!
//! This is not a parser. It knows just enough to count lines and find words without being fooled by
//! a brace in a string. Where it cannot tell, it sees nothing, so that no rule gives a false alarm.

/// A run of lines, counted from 1, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Span {
    /// Whether the line lies in the run.
    pub(super) fn contains(&self, line: usize) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) span: Span,
    /// Inside `impl Trait for Type`: its name is somebody else's choice.
    pub(super) is_of_trait: bool,
}

/// All lines of a text.
pub(super) fn whole(text: &str) -> Span {
    Span { first: 1, last: text.lines().count().max(1) }
}

/// The line, counted from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count()
}

/// The offsets at which `word` stands alone, not inside a longer word. `word` may be a path.
pub(super) fn find_words(text: &str, word: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let starts_inside = |at: usize| at > 0 && is_word(bytes[at - 1]);
    let ends_inside = |end: usize| end < bytes.len() && is_word(bytes[end]);
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !(word.starts_with(is_word_char) && starts_inside(*at)))
        .filter(|at| !(word.ends_with(is_word_char) && ends_inside(at + word.len())))
        .collect()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Blanks comments, strings and characters. Offsets and lines stay as they were.
pub(super) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = comment_end(bytes, at).or_else(|| string_end(bytes, at)).or_else(|| character_end(text, at));
        if let Some(end) = end {
            masked.extend(bytes[at..end].iter().map(|byte| match byte {
                b'\n' => b'\n',
                _ => b' ',
            }));
            at = end;
        } else {
            // A word is copied whole, so that the `r` of `for` does not open a raw string.
            let end = word_end(bytes, at).max(at + 1);
            masked.extend_from_slice(&bytes[at..end]);
            at = end;
        }
    }
    String::from_utf8(masked).expect("whole characters are kept or blanked")
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    at + length
}

fn comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes[at..].starts_with(b"//") {
        let length = bytes[at..].iter().take_while(|byte| **byte != b'\n').count();
        return Some(at + length);
    }
    if !bytes[at..].starts_with(b"/*") {
        return None;
    }
    let mut depth = 0_usize;
    let mut end = at;
    while end < bytes.len() {
        if bytes[end..].starts_with(b"/*") {
            depth += 1;
            end += 2;
        } else if bytes[end..].starts_with(b"*/") {
            depth -= 1;
            end += 2;
            if depth == 0 {
                return Some(end);
            }
        } else {
            end += 1;
        }
    }
    Some(bytes.len())
}

/// The end of a string literal that starts here: plain, byte, C, raw.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut quote = at;
    if matches!(bytes.get(quote), Some(b'b' | b'c')) {
        quote += 1;
    }
    if bytes.get(quote) == Some(&b'r') {
        let hashes = bytes[quote + 1..].iter().take_while(|byte| **byte == b'#').count();
        let open = quote + 1 + hashes;
        return (bytes.get(open) == Some(&b'"')).then(|| raw_end(bytes, open + 1, hashes));
    }
    (bytes.get(quote) == Some(&b'"')).then(|| quoted_end(bytes, quote + 1, b'"'))
}

fn raw_end(bytes: &[u8], start: usize, hashes: usize) -> usize {
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    (start..bytes.len()).find(|at| bytes[*at..].starts_with(&close)).map_or(bytes.len(), |at| at + close.len())
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a character literal that starts here. A lifetime is none.
fn character_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = if bytes[at..].starts_with(b"b'") { at + 1 } else { at };
    if bytes[quote] != b'\'' {
        return None;
    }
    if bytes.get(quote + 1) == Some(&b'\\') {
        return Some(quoted_end(bytes, quote + 1, b'\''));
    }
    let character = text[quote + 1..].chars().next()?;
    let close = quote + 1 + character.len_utf8();
    (bytes.get(close) == Some(&b'\'')).then_some(close + 1)
}

/// The functions of masked code, nested ones too, in the order they begin.
pub(super) fn functions(code: &str) -> Vec<Function> {
    let of_traits = trait_implementations(code);
    find_words(code, "fn")
        .into_iter()
        .filter_map(|at| {
            let after = &code[at + 2..];
            let name: String = after.trim_start().chars().take_while(|character| is_word_char(*character)).collect();
            let (open, close) = body(code, at)?;
            let first = line_of(code, at);
            (!name.is_empty() && open < close).then(|| Function {
                name,
                span: Span { first, last: line_of(code, close) },
                is_of_trait: of_traits.iter().any(|span| span.contains(first)),
            })
        })
        .collect()
}

/// The lines of every `#[cfg(test)]` module.
pub(super) fn test_modules(code: &str) -> Vec<Span> {
    code.match_indices("#[cfg(test)]")
        .filter_map(|(at, attribute)| {
            let (_, close) = body(code, at + attribute.len())?;
            Some(Span { first: line_of(code, at), last: line_of(code, close) })
        })
        .collect()
}

fn trait_implementations(code: &str) -> Vec<Span> {
    find_words(code, "impl")
        .into_iter()
        .filter_map(|at| {
            let (open, close) = body(code, at)?;
            let is_of_trait = !find_words(&code[at..open], "for").is_empty();
            is_of_trait.then(|| Span { first: line_of(code, at), last: line_of(code, close) })
        })
        .collect()
}

/// The offsets of the braces of the first block after `start`. None when a `;` ends the item first,
/// or a bracket closes that was open before.
fn body(code: &str, start: usize) -> Option<(usize, usize)> {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth == 0 => return None,
            b'{' if depth == 0 => return Some((at, closing_brace(code, at)?)),
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

fn closing_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        for text in [
            "// brace {",
            "/* a /* nested { */ b { */",
            "\"quote \\\" and {\"",
            "r\"raw \\\"",
            "r#\"raw \" and {\"#",
            "br##\"raw \"# {\"##",
            "b\"bytes {\"",
            "c\"text {\"",
            "'{'",
            "'\\''",
            "'\\u{7b}'",
            "b'{'",
            "'한'",
        ] {
            let masked = mask(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert!(masked.trim().is_empty(), "{text} became {masked}");
        }
    }

    #[test]
    fn code_stays_as_it_is() {
        for text in [
            "fn a<'a>(x: &'a str) -> &'static str { x }",
            "let r#type = 1; for x in y {}",
            "let c = b; let attr = rb / 2;",
        ] {
            assert_eq!(mask(text), text);
        }
        assert_eq!(mask("x = \"a\nb\"; // c\ny"), "x =   \n  ;     \ny");
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(find_words("get a.get forget get_x", "get"), [0, 6]);
        assert_eq!(find_words("sqlx::sqlite::Pool", "sqlite::"), [6]);
        assert!(find_words("my_sqlite::Pool", "sqlite::").is_empty());
    }

    #[test]
    fn functions_have_their_lines() {
        let code = "fn one() {}\ntrait T {\n    fn two(&self);\n}\nfn three(x: [u8; 2])\nwhere\n    u8: Copy,\n{\n    let f: fn(u8) = |_| {};\n}\n";
        let found: Vec<_> = functions(code)
            .into_iter()
            .map(|function| (function.name, function.span.first, function.span.last))
            .collect();
        assert_eq!(found, [("one".to_owned(), 1, 1), ("three".to_owned(), 5, 10)]);
    }

    #[test]
    fn functions_of_a_trait_are_marked() {
        let code = "impl S3 for Store {\n    fn get_object() {}\n}\nimpl Store {\n    fn get_it() {}\n}\nfn f(x: impl Fn()) { fn inner() {} }\n";
        let marked: Vec<_> =
            functions(code).into_iter().map(|function| (function.name, function.is_of_trait)).collect();
        let expected = [("get_object", true), ("get_it", false), ("f", false), ("inner", false)];
        assert_eq!(marked, expected.map(|(name, flag)| (name.to_owned(), flag)));
    }

    #[test]
    fn a_test_module_in_its_own_file_has_no_lines_here() {
        assert!(test_modules("#[cfg(test)]\nmod tests;\nfn a() {}\n").is_empty());
    }
}
