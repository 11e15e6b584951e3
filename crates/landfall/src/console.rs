//! What people and scripts see: results on standard output, everything else on standard error.
//!
//! *Rules*: colours only on a terminal that wants them. A reader that went away (`landfall ... | head`) is no error. What
//! others wrote (titles, file names, keys, answers of a server) is shown by [`printable`], and whatever was not is escaped
//! here, line by line, before it reaches a terminal; JSON stays JSON.

use std::borrow::Cow;
use std::io::{self, Write as _};

use serde::Serialize;

use crate::arguments::as_called;
use crate::exit::{Exit, Failure};

const RED: &str = "\x1b[1;31m";
const CYAN: &str = "\x1b[1;36m";
const PLAIN: &str = "\x1b[0m";

/// Text of others on one line, with an escape such as `\u{202e}` for every character that steers a terminal, breaks the
/// line, turns what follows round or stands for nothing.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| if steers(c) { c.escape_unicode().to_string() } else { c.to_string() });
    Cow::Owned(escaped.collect())
}

/// C0, DEL and C1; line and paragraph separators; the controls of bidirectional text (Unicode Standard Annex 9, 2);
/// annotations and the mark of byte order, which show nothing; and what is no character (The Unicode Standard, 23.7).
pub(crate) fn steers(c: char) -> bool {
    let is_bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_hidden = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let is_none = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    c.is_control() || is_bidi || is_hidden || is_none
}

/// The same for text that has lines and columns of its own.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| !matches!(c, '\n' | '\t') && steers(c)) {
        return Cow::Borrowed(text);
    }
    let cells = |line: &str| line.split('\t').map(printable).collect::<Vec<_>>().join("\t");
    Cow::Owned(text.split('\n').map(cells).collect::<Vec<_>>().join("\n"))
}

/// Writes a line of result.
pub(crate) fn out(line: &str) -> Result<(), Failure> {
    raw(&lines(line))
}

/// Writes a result that a program reads: what it holds is escaped as its own form wants it.
pub(crate) fn raw(line: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    told(stdout.write_all(line.as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()))
}

/// Writes a result as JSON, on several lines.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    raw(&text.map_err(|wrong| Failure::new(Exit::Failed, wrong.to_string()))?)
}

/// Writes a remark about a result to standard error.
pub(crate) fn note(line: &str) {
    // There is nobody left to tell if this fails.
    let _ = writeln!(anstream::stderr().lock(), "{}", lines(&as_called(line)));
}

/// Writes what went wrong, and what to do about it. Whoever ended it knows that it is no error.
pub(crate) fn failure(failure: &Failure) {
    let mut stderr = anstream::stderr().lock();
    let message = as_called(&failure.message);
    let message = printable(&message);
    let mut text = match failure.exit {
        Exit::Interrupted | Exit::Terminated => format!("{message}\n"),
        _ => format!("{RED}error:{PLAIN} {message}\n"),
    };
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("{CYAN}hint:{PLAIN} {}\n", lines(&as_called(hint))));
    }
    // There is nobody left to tell if this fails.
    let _ = stderr.write_all(text.as_bytes());
}

fn told(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_steer_a_terminal() {
        for (text, shown) in [
            ("휴가 🎬 👩‍👩‍👧 é\u{301}", "휴가 🎬 👩‍👩‍👧 é\u{301}"),
            ("a\x1b[2J\n\t\r\x07\x7f", "a\\u{1b}[2J\\u{a}\\u{9}\\u{d}\\u{7}\\u{7f}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("film\u{202e}4pm.exe", "film\\u{202e}4pm.exe"),
            ("\u{2066}a\u{2069}\u{200f}\u{61c}", "\\u{2066}a\\u{2069}\\u{200f}\\u{61c}"),
            ("a\u{2028}b\u{feff}", "a\\u{2028}b\\u{feff}"),
            ("\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{fdd0}", "\\u{fffe}\\u{ffff}\\u{1fffe}\\u{10ffff}\\u{fdd0}"),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert_eq!(lines("one\ntwo\u{202e}\r\n"), "one\ntwo\\u{202e}\\u{d}\n");
    }
}
