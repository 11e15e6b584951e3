//! What this process uses: CPU time, memory, open files, as Linux tells in `/proc/self`.
//!
//! On a system without `/proc` the figures are absent, not zero.

use metrics::gauge;

use super::names;

/// What a process uses at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessUse {
    /// CPU time since the start, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory, in bytes.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_files: u64,
}

impl ProcessUse {
    /// Asks the kernel.
    pub fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let memory = std::fs::read_to_string("/proc/self/statm").ok()?;
        // The folder handle that lists them is one of them.
        let open_files = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as u64;
        let ticks = cpu_ticks(&stat)?;
        let pages: u64 = memory.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            cpu_seconds: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
            resident_bytes: pages * rustix::param::page_size() as u64,
            open_files,
        })
    }

    /// Writes the figures into the metrics.
    pub fn record(&self) {
        gauge!(names::PROCESS_CPU_TIME).set(self.cpu_seconds);
        gauge!(names::PROCESS_MEMORY).set(self.resident_bytes as f64);
        gauge!(names::PROCESS_OPEN_FILES).set(self.open_files as f64);
    }
}

/// Fields 14 and 15 of `/proc/[pid]/stat` (proc_pid_stat(5)), counted after the name, which may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_and_brackets_do_not_confuse() {
        let stat = "7 (a) (b c) S 1 7 7 0 -1 4194304 100 0 0 0 31 11 0 0 20 0 9 0 100 1000 50 0";
        assert_eq!(cpu_ticks(stat), Some(42));
    }

    #[test]
    fn this_process_uses_something() {
        let before = ProcessUse::now().unwrap();
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        let after = ProcessUse::now().unwrap();
        drop(file);
        assert!(before.resident_bytes > 1 << 20, "{before:?}");
        assert!(after.open_files > 3 && after.cpu_seconds >= before.cpu_seconds, "{before:?} {after:?}");
    }
}
