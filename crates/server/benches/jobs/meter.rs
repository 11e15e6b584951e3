//! What this process has used, as the kernel counts it, and what it has called.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use server::catalog::around::AroundCatalog;
use server::catalog::{CatalogError, operation};
use server::store::around::{AroundStore, Call};

/// Milliseconds of CPU, user and system, of all threads since the start.
pub(crate) fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    // After the program's name, which may hold anything but ends with the last parenthesis: the fields from the third on.
    let (_, fields) = text.rsplit_once(')').expect("a name in parentheses");
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    ticks as f64 * 1000.0 / rustix::param::clock_ticks_per_second() as f64
}

/// The most memory it has had since [`forget_peak`], in MiB.
pub(crate) fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("KiB");
    kib / 1024.0
}

/// Counts the peak from here on ("5" resets it, proc(5)).
pub(crate) fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own peak");
}

/// Counts every call of a port.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<AtomicU64>);

impl Calls {
    pub(crate) fn made(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl AroundStore for Calls {
    async fn around<T: Send>(&self, _call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        answer.await
    }
}

impl AroundCatalog for Calls {
    async fn around<T: Send>(
        &self,
        _operation: operation::Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        call.await
    }
}
