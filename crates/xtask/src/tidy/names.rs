//! Names: files that say what they hold, functions that say what they do, one word per thing.

use super::tree::SourceFile;
use super::{Finding, code};

/// File and folder names that say nothing. A file is named after what it holds.
const EMPTY_FILE_NAMES: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"];

/// Synonyms that would split a word of `docs/glossary.md`. Only ones that cannot mean anything else
/// stand here: a false alarm costs more than a late one.
const SYNONYMS: &[(&str, &str)] = &[
    ("video_id", "asset_id"),
    ("VideoId", "AssetId"),
    ("media_id", "asset_id"),
    ("MediaId", "AssetId"),
    ("user_id", "owner"),
    ("UserId", "OwnerId"),
    ("member_id", "owner"),
    ("MemberId", "OwnerId"),
    ("chunk_number", "part number"),
    ("ChunkNumber", "PartNumber"),
    ("chunk_count", "part_count"),
    ("blob_key", "object key"),
    ("BlobKey", "ObjectKey"),
    ("blob_store", "store"),
    ("BlobStore", "Store"),
    ("file_kind", "role"),
    ("FileKind", "Role"),
];

/// No file or folder of code is called `utils` or the like.
pub(super) fn check_file_name(file: &SourceFile) -> Vec<Finding> {
    let is_code = [".rs", ".ts", ".svelte"].iter().any(|ending| file.path.ends_with(ending));
    let empty = file
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or_default())
        .find(|stem| EMPTY_FILE_NAMES.contains(stem));
    match empty {
        Some(stem) if is_code => vec![Finding {
            path: file.path.clone(),
            line: 1,
            rule: "file-name",
            advice: format!("`{stem}` says nothing: name it after what it holds"),
        }],
        _ => Vec::new(),
    }
}

/// No function of ours is called `get_something`. Names that a foreign trait gives are not ours, and
/// a test may be about GET.
pub(super) fn check_function_names(file: &SourceFile) -> Vec<Finding> {
    code::functions(&file.code)
        .into_iter()
        .filter(|function| function.name.starts_with("get_") && !function.is_of_trait)
        .filter(|function| !file.is_test_line(function.span.first))
        .map(|function| Finding {
            path: file.path.clone(),
            line: function.span.first,
            rule: "function-name",
            advice: format!("rename `{}`: the noun alone, or find (Option), load (Result), list (Page)", function.name),
        })
        .collect()
}

/// Code uses the words of the glossary. The embedded store speaks S3's words and is exempt.
pub(super) fn check_glossary(file: &SourceFile) -> Vec<Finding> {
    if file.path.starts_with("crates/localstore/") {
        return Vec::new();
    }
    SYNONYMS
        .iter()
        .flat_map(|(synonym, word)| {
            code::find_words(&file.code, synonym).into_iter().map(move |at| Finding {
                path: file.path.clone(),
                line: code::line_of(&file.code, at),
                rule: "glossary",
                advice: format!("`{synonym}`: our word is `{word}` (docs/glossary.md)"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> SourceFile {
        SourceFile::new("crates/server/src/x.rs", text)
    }

    #[test]
    fn file_names_say_something() {
        let count = |path| check_file_name(&SourceFile::new(path, "")).len();
        assert_eq!(count("crates/a/src/utils.rs"), 1);
        assert_eq!(count("crates/a/tests/common/mod.rs"), 1);
        assert_eq!(count("web/src/helpers.test.ts"), 1);
        assert_eq!(count("crates/a/src/part_plan.rs"), 0);
        assert_eq!(count("deploy/systemd/landfall.service"), 0);
    }

    #[test]
    fn functions_do_not_get() {
        assert_eq!(check_function_names(&rust("fn get_size() {}\n")).len(), 1);
        assert_eq!(check_function_names(&rust("fn size() {}\n")), []);
        assert_eq!(check_function_names(&rust("fn get() {}\n")), []);
    }

    #[test]
    fn a_foreign_trait_may_say_get() {
        let text = "impl S3 for Store {\n    async fn get_object(&self) {}\n}\n";
        assert_eq!(check_function_names(&rust(text)), []);
    }

    #[test]
    fn a_test_may_be_about_get() {
        let file = SourceFile::new("crates/a/tests/x.rs", "fn get_answers_404() {}\n");
        assert_eq!(check_function_names(&file), []);
    }

    #[test]
    fn synonyms_are_found_in_code_only() {
        assert_eq!(check_glossary(&rust("let video_id = 1;\n")).len(), 1);
        assert_eq!(check_glossary(&rust("let a = \"video_id\"; // user_id\n")), []);
        let store = SourceFile::new("crates/localstore/src/x.rs", "let user_id = 1;\n");
        assert_eq!(check_glossary(&store), []);
    }
}
