//! Folders among the files to upload: named as such, or gone through.
//!
//! *Rule*: links are not followed and hidden names are left out, so what is uploaded is what a person sees in the folder,
//! each thing once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::MediaType;

use crate::console;
use crate::exit::{Exit, Failure};

/// Files of one command. Whoever has more wants several.
const MOST_FILES: usize = 10_000;
/// Folders in folders; deeper is a loop of mounts.
const MOST_DEPTH: usize = 64;

/// What was found in a folder.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    /// Neither videos nor images.
    others: usize,
}

/// The files, with what is in the folders among them if folders are wanted.
pub(super) fn expand(paths: &[PathBuf], recursive: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let shown = path.display();
        if !recursive {
            return Err(Failure::new(Exit::Usage, format!("{shown} is a folder"))
                .hint("--recursive uploads the videos and images in it"));
        }
        let mut found = Found::default();
        walk(path, MOST_DEPTH, &mut found)?;
        if found.files.is_empty() {
            return Err(Failure::new(Exit::Usage, format!("there is no video and no image in {shown}")));
        }
        if found.others > 0 {
            let (count, others) = (found.files.len(), found.others);
            console::note(&format!("{shown}: {count} videos and images; {others} other files are left out"));
        }
        files.append(&mut found.files);
    }
    if files.len() > MOST_FILES {
        return Err(Failure::new(Exit::Usage, format!("these are more than {MOST_FILES} files"))
            .hint("upload the folders one by one"));
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, found: &mut Found) -> Result<(), Failure> {
    let unreadable =
        |error: io::Error| Failure::new(Exit::Usage, format!("{} cannot be read: {error}", folder.display()));
    let mut items = Vec::new();
    for item in fs::read_dir(folder).map_err(unreadable)? {
        let item = item.map_err(unreadable)?;
        items.push((item.path(), item.file_type().map_err(unreadable)?));
    }
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (path, kind) in items {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            walk(&path, depth - 1, found)?;
        } else if kind.is_file() && MediaType::from_file_name(&name).is_some() {
            found.files.push(path);
        } else if kind.is_file() {
            found.others += 1;
        }
        if found.files.len() > MOST_FILES {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_called_a_folder_or_gone_through() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("summer/.cache")).unwrap();
        for name in ["b.mp4", "a.mov", "notes.txt", "summer/c.webm", "summer/.cache/d.mp4", ".e.mp4"] {
            fs::write(root.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(root, root.join("summer/loop")).unwrap();
        let refused = expand(&[root.to_owned()], false).unwrap_err();
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.message.ends_with("is a folder") && refused.hint.unwrap().contains("--recursive"));
        let found = expand(&[root.join("a.mov"), root.to_owned()], true).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.mov", "a.mov", "b.mp4", "summer/c.webm"]);
        assert!(expand(&[root.join("summer/.cache/..")], true).unwrap().len() == 1);
        fs::create_dir(root.join("empty")).unwrap();
        assert!(expand(&[root.join("empty")], true).unwrap_err().message.contains("no video and no image"));
    }
}
