//! What the host tells of the files that this process stands on: are they still where they were, and can more be written?
//!
//! Not the catalog's and the store's own answers, which go on for a while from open descriptors and memory although nobody
//! will find again what they write. *Invariant*: looking changes nothing but one file of its own, which it takes away again.

use std::fmt::Debug;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is written to see whether there is room: more than file systems keep inside their own records.
static TRIAL_BYTES: [u8; 64 << 10] = [0x5a; 64 << 10];
/// How every SQLite file begins (<https://www.sqlite.org/fileformat.html>).
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailment {
    /// Which part of the server: `catalog`, `data_folder`, `store_folder`.
    pub part: &'static str,
    /// What is wrong with it, and what to do.
    pub detail: String,
    /// Whether the server cannot do its work so.
    pub disables: bool,
}

/// A part that knows by itself how it is.
pub trait Patient: Debug + Send + Sync {
    /// What is wrong with it. It may block, for as long as the disk does.
    fn look(&self) -> Vec<Ailment>;
}

/// Which file a path led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The file that a path leads to now.
    ///
    /// # Errors
    /// If it leads to none.
    pub fn at(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A path, and what it led to when it was first looked at.
#[derive(Debug, Clone)]
struct Place {
    part: &'static str,
    path: PathBuf,
    was: FileIdentity,
}

impl Place {
    fn new(part: &'static str, path: PathBuf) -> io::Result<Self> {
        let was = FileIdentity::at(&path)?;
        Ok(Self { part, path, was })
    }

    fn ailment(&self, what: &str) -> Ailment {
        Ailment { part: self.part, detail: format!("{} {what}", self.path.display()), disables: true }
    }

    /// Whether it is still there.
    fn look(&self) -> Result<(), Ailment> {
        match FileIdentity::at(&self.path) {
            Ok(now) if now == self.was => Ok(()),
            Ok(_) => {
                Err(self.ailment("is another one than at the start: put the old one back, or start the server anew"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.ailment("was moved or removed: put it back, or stop the server and start it where it is now"))
            }
            Err(error) => Err(self.ailment(&format!("cannot be looked at: {error}"))),
        }
    }
}

/// The files of a process.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    folders: Vec<Place>,
    catalogs: Vec<Catalog>,
    patients: Vec<Arc<dyn Patient>>,
}

impl Vitals {
    /// Watches a folder that is written into.
    ///
    /// # Errors
    /// If it is not there.
    pub fn watch_folder(&mut self, part: &'static str, path: PathBuf) -> io::Result<()> {
        self.folders.push(Place::new(part, path)?);
        Ok(())
    }

    /// Watches a catalog's file.
    ///
    /// # Errors
    /// If it is not there.
    pub fn watch_catalog(&mut self, path: PathBuf) -> io::Result<()> {
        self.catalogs.push(Catalog::new(path)?);
        Ok(())
    }

    /// Watches what knows by itself how it is.
    pub fn watch(&mut self, patient: Arc<dyn Patient>) {
        self.patients.push(patient);
    }

    /// Looks at all of them. It blocks, for as long as the disk does.
    pub fn look(&self) -> Vec<Ailment> {
        let folders = self.folders.iter().map(|place| place.look().and_then(|()| try_writing(place)));
        let catalogs = self.catalogs.iter().map(Catalog::look);
        let mut found: Vec<_> = catalogs.chain(folders).filter_map(Result::err).collect();
        for ailment in self.patients.iter().flat_map(|patient| patient.look()) {
            // A folder that is gone says more than what is missing in it.
            if !found.iter().any(|known| known.part == ailment.part && known.disables) {
                found.push(ailment);
            }
        }
        found
    }
}

/// Writes a small file through to the disk and takes it away.
fn try_writing(folder: &Place) -> Result<(), Ailment> {
    let path = folder.path.join(format!(".trial-{}", std::process::id()));
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&TRIAL_BYTES)?;
        file.sync_data()
    };
    let written = written();
    let removed = match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    written.and(removed).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            folder.ailment("has no room left: free space on its disk; deleting assets works")
        }
        io::ErrorKind::ReadOnlyFilesystem => folder.ailment("is on a disk that takes no writes: mount it writable"),
        _ => folder.ailment(&format!("cannot be written: {error}")),
    })
}

/// A catalog's file.
///
/// It is opened once and closed by nobody before the process ends. *Why*: POSIX takes all of a process's locks from a file
/// as soon as the process closes any descriptor of it (fcntl(2)). SQLite's would be gone, and the next program that reads
/// the catalog would take itself for the only one, and remove the log of writes under the server.
#[derive(Debug, Clone)]
struct Catalog {
    place: Place,
    file: Arc<ManuallyDrop<File>>,
}

impl Catalog {
    fn new(path: PathBuf) -> io::Result<Self> {
        let file = Arc::new(ManuallyDrop::new(File::open(&path)?));
        Ok(Self { place: Place::new("catalog", path)?, file })
    }

    fn look(&self) -> Result<(), Ailment> {
        self.place.look()?;
        self.read_header()
    }

    /// Pages that SQLite keeps in memory look well when the file under them is none any more.
    fn read_header(&self) -> Result<(), Ailment> {
        let mut header = [0; SQLITE_HEADER.len()];
        match self.file.read_exact_at(&mut header, 0) {
            Ok(()) if header == *SQLITE_HEADER => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(self.place.ailment(&format!("cannot be read: {error}")))
            }
            Ok(()) | Err(_) => Err(self.place.ailment("is damaged: stop the server and restore it from a backup")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(vitals: &Vitals) -> Vec<(&'static str, String)> {
        vitals.look().into_iter().map(|ailment| (ailment.part, ailment.detail)).collect()
    }

    #[test]
    fn what_moves_away_is_told_and_well_again_when_it_is_back() {
        let home = tempfile::tempdir().unwrap();
        let (folder, elsewhere) = (home.path().join("data"), home.path().join("elsewhere"));
        std::fs::create_dir(&folder).unwrap();
        let mut vitals = Vitals::default();
        vitals.watch_folder("data_folder", folder.clone()).unwrap();
        assert_eq!((told(&vitals), std::fs::read_dir(&folder).unwrap().count()), (vec![], 0));
        std::fs::rename(&folder, &elsewhere).unwrap();
        assert!(matches!(&told(&vitals)[..], [("data_folder", detail)] if detail.contains("was moved or removed")));
        std::fs::create_dir(&folder).unwrap();
        assert!(matches!(&told(&vitals)[..], [(_, detail)] if detail.contains("another one than at the start")));
        std::fs::remove_dir(&folder).unwrap();
        std::fs::rename(&elsewhere, &folder).unwrap();
        assert_eq!(told(&vitals), []);
    }

    #[test]
    fn a_catalog_that_is_none_any_more_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        std::fs::write(&path, b"SQLite format 3\0 and so on").unwrap();
        let mut vitals = Vitals::default();
        vitals.watch_catalog(path.clone()).unwrap();
        assert_eq!(told(&vitals), []);
        for bytes in [&b""[..], b"SQLite", b"something else altogether"] {
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(&told(&vitals)[..], [("catalog", detail)] if detail.contains("restore it")), "{bytes:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(&told(&vitals)[..], [("catalog", detail)] if detail.contains("was moved or removed")));
    }
}
