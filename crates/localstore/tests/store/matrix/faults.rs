//! A disk that fails at one call, and one that forgets what was not synced.

use localstore::{DiskCall, DiskFault, DiskFaults};
use rustix::io::Errno;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// What goes wrong at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It fails and has no effect.
    Refused(Errno),
    /// It takes effect, and is reported as failed.
    Late,
    /// It writes half, and fails. Other calls do not.
    Short,
    /// It fails, and so does every later one, until the disk is well again or the process is gone.
    Dead,
}

/// Every way in which one call fails.
pub(crate) const ONCE: [Wrong; 7] = [
    Wrong::Refused(Errno::MFILE),
    Wrong::Refused(Errno::NOSPC),
    Wrong::Refused(Errno::IO),
    Wrong::Refused(Errno::DQUOT),
    Wrong::Refused(Errno::ROFS),
    Wrong::Late,
    Wrong::Short,
];

/// The disk of a store under test. Unarmed it is well.
#[derive(Debug, Default)]
pub(crate) struct Plan(Mutex<State>);

/// A call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    armed: Option<(usize, Wrong)>,
    counts: bool,
    calls: Vec<Made>,
    undo: Vec<Undo>,
}

/// How a change that no sync has made durable is taken back.
#[derive(Debug)]
enum Undo {
    Restore(PathBuf, Vec<u8>),
    Remove(PathBuf),
    RemoveFolder(PathBuf),
}

impl Undo {
    fn place(&self) -> &Path {
        match self {
            Self::Restore(path, _) | Self::Remove(path) | Self::RemoveFolder(path) => path,
        }
    }
}

impl Plan {
    /// Counts calls from here on and lets them all through.
    pub(crate) fn count(&self) {
        *self.lock() = State { counts: true, ..State::default() };
    }

    /// From here on the call of this number, from 0, goes wrong.
    pub(crate) fn arm(&self, number: usize, wrong: Wrong) {
        *self.lock() = State { counts: true, armed: Some((number, wrong)), ..State::default() };
    }

    /// The disk is well again. The calls that were made.
    pub(crate) fn disarm(&self) -> Vec<Made> {
        let mut state = self.lock();
        (state.counts, state.armed) = (false, None);
        std::mem::take(&mut state.calls)
    }

    /// The machine loses power: names that were not synced are as they were before. Call when the store is gone.
    pub(crate) fn lose_power(&self) {
        for undo in std::mem::take(&mut self.lock().undo).into_iter().rev() {
            let done = match &undo {
                Undo::Restore(path, bytes) => std::fs::write(path, bytes),
                Undo::Remove(path) => std::fs::remove_file(path),
                Undo::RemoveFolder(path) => std::fs::remove_dir_all(path),
            };
            match done {
                Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{undo:?}: {error}"),
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }
}

impl State {
    /// Remembers how a call that goes through is taken back.
    fn remember(&mut self, call: &DiskCall<'_>) {
        let restore = |path: &Path| match std::fs::read(path) {
            Ok(bytes) => Undo::Restore(path.to_owned(), bytes),
            Err(_) => Undo::Remove(path.to_owned()),
        };
        let undo = match (call.name, call.target) {
            ("rename" | "link", Some(target)) => restore(target),
            ("create" | "remove", _) => restore(call.path),
            ("make_folder", _) if !call.path.exists() => Undo::RemoveFolder(call.path.to_owned()),
            ("sync_folder", _) => {
                self.undo.retain(|undo| undo.place().parent() != Some(call.path));
                return;
            }
            _ => return,
        };
        self.undo.push(undo);
    }
}

impl DiskFaults for Plan {
    fn strike(&self, call: &DiskCall<'_>) -> Option<DiskFault> {
        let mut state = self.lock();
        if !state.counts {
            return None;
        }
        // The watch over the disk's space looks whenever it likes.
        if call.name == "space" || call.path.ends_with("reserve") {
            return None;
        }
        let number = state.calls.len();
        state.calls.push(Made { name: call.name, path: call.path.to_owned() });
        let error = |errno: Errno| io::Error::from(errno);
        let fault = match state.armed {
            Some((chosen, Wrong::Dead)) if number >= chosen => Some(DiskFault::Refused(error(Errno::IO))),
            Some((chosen, wrong)) if number == chosen => match wrong {
                Wrong::Refused(errno) => Some(DiskFault::Refused(error(errno))),
                Wrong::Late => Some(DiskFault::Late(error(Errno::IO))),
                Wrong::Short => (call.name == "write").then(|| DiskFault::Short(error(Errno::NOSPC))),
                Wrong::Dead => None,
            },
            _ => None,
        };
        if matches!(fault, None | Some(DiskFault::Late(_))) {
            state.remember(call);
        }
        fault
    }
}

/// The numbers of calls that are worth failing. A fan has 256 folders that are all treated alike: two of each are enough.
pub(crate) fn chosen(calls: &[Made]) -> Vec<usize> {
    let mut seen = std::collections::HashMap::new();
    let mut is_chosen = |made: &Made| {
        let is_fan = made.path.file_name().is_some_and(|name| name.len() == 2);
        let times: &mut u32 = seen.entry((made.name, made.path.parent().map(Path::to_owned))).or_default();
        *times += 1;
        !is_fan || *times <= 2
    };
    (0..calls.len()).filter(|number| is_chosen(&calls[*number])).collect()
}
