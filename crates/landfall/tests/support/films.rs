//! Real films and pictures, made once per build folder by ffmpeg.
//!
//! A film is H.264 in MP4, brought to an exact length by a `free` box between its media and its index: whoever plays
//! it must ask for the index at the end with Range. The padding holds its own offsets, so that no part can take
//! another's place unnoticed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A few kB.
pub(crate) const TINY: u64 = 7_001;
/// One part, as small as S3 lets a part that is not the last one be.
pub(crate) const FIVE_MIB: u64 = 5 << 20;
/// One byte more.
pub(crate) const FIVE_MIB_AND_ONE: u64 = FIVE_MIB + 1;
/// Three parts.
pub(crate) const THREE_PARTS: u64 = 20_000_000;
/// Sixty parts.
pub(crate) const LARGE: u64 = 500_000_000;

/// How long every film plays, in seconds.
pub(crate) const SECONDS: f64 = 2.0;

/// A file to upload.
#[derive(Clone)]
pub(crate) struct Film {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) content_type: &'static str,
}

impl Film {
    /// Any file.
    pub(crate) fn of(path: &Path, content_type: &'static str) -> Self {
        let size = std::fs::metadata(path).expect("the file").len();
        Self { path: path.to_owned(), size, content_type }
    }

    /// Its name without its folder.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().expect("a name").to_string_lossy().into_owned()
    }

    /// Its bytes; not for the large one.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        assert!(self.size < LARGE, "read it piece by piece");
        std::fs::read(&self.path).expect("the file")
    }
}

/// A film of exactly this many bytes.
pub(crate) fn mp4(length: u64) -> Film {
    let path = cached(&format!("film-{length}.mp4"), |path| {
        let small = std::fs::read(source("source.mp4", FILM)).expect("the source");
        write_padded(path, &small, length);
    });
    let film = Film::of(&path, "video/mp4");
    assert_eq!(film.size, length);
    film
}

/// A picture.
pub(crate) fn png() -> Film {
    Film::of(&source("picture.png", PICTURE), "image/png")
}

/// A picture.
pub(crate) fn jpeg() -> Film {
    Film::of(&source("picture.jpg", PICTURE), "image/jpeg")
}

/// A page that says it is a picture.
pub(crate) fn html_as_png(folder: &Path) -> Film {
    let path = folder.join("page.png");
    std::fs::write(&path, "<!DOCTYPE html><script>alert(document.domain)</script>").expect("a file");
    Film::of(&path, "image/png")
}

const FILM: &[&str] = &[
    "-f",
    "lavfi",
    "-i",
    "testsrc=duration=2:size=32x32:rate=5",
    "-c:v",
    "libx264",
    "-crf",
    "40",
    "-pix_fmt",
    "yuv420p",
    "-bitexact",
];
const PICTURE: &[&str] = &["-f", "lavfi", "-i", "testsrc=size=64x36", "-frames:v", "1", "-update", "1", "-bitexact"];

fn source(name: &str, arguments: &[&str]) -> PathBuf {
    cached(name, |path| {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-y"]).args(arguments).arg(path);
        let output = ffmpeg.output().expect("ffmpeg is installed: run cargo xtask test");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    })
}

/// The file of this name, made if there is none. Several tests may make it at once; each makes a whole one.
fn cached(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("films-1");
    let path = folder.join(name);
    if !path.exists() {
        std::fs::create_dir_all(&folder).expect("a folder");
        let scratch = tempfile::tempdir_in(&folder).expect("a folder");
        let made = scratch.path().join(name);
        make(&made);
        std::fs::rename(&made, &path).expect("a finished film");
    }
    path
}

fn write_padded(path: &Path, small: &[u8], length: u64) {
    let at = small.windows(4).rposition(|four| four == b"moov").expect("an index") - 4;
    let padding = length.checked_sub(small.len() as u64).expect("the source is smaller than any film");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).expect("a file"));
    let mut write = |bytes: &[u8]| file.write_all(bytes).expect("room on the disk");
    write(&small[..at]);
    write(&u32::try_from(padding).expect("under 4 GiB").to_be_bytes());
    write(b"free");
    let mut left = padding - 8;
    while left > 0 {
        let word = left.to_be_bytes();
        let taken = left.min(8);
        write(&word[..usize::try_from(taken).expect("at most 8")]);
        left -= taken;
    }
    write(&small[at..]);
    drop(file);
}
