//! How far a long sweep is.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// Tells people at a terminal how far a long sweep is.
pub(super) struct Progress<W> {
    out: Option<W>,
    last: Duration,
}

/// How long nothing is said.
const EVERY: Duration = Duration::from_secs(2);

impl Progress<io::Stderr> {
    /// Straight to standard error: what a test prints is not seen before it fails.
    pub(super) fn new() -> Self {
        let wanted = io::stderr().is_terminal() || std::env::var_os("SPEAD_INPROC_PROGRESS").is_some();
        Self { out: wanted.then(io::stderr), last: Duration::ZERO }
    }
}

impl<W: Write> Progress<W> {
    /// So many runs are over, of so many if that is known.
    pub(super) fn tell(&mut self, test: &str, runs: u64, of: Option<u64>, since: Instant) {
        self.tell_at(test, runs, of, since.elapsed());
    }

    fn tell_at(&mut self, test: &str, runs: u64, of: Option<u64>, now: Duration) {
        let Some(out) = self.out.as_mut().filter(|_| now.saturating_sub(self.last) >= EVERY) else { return };
        self.last = now;
        let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
        // Nobody is told if nobody can be.
        writeln!(out, "sweep {test}: {runs} runs{of} after {} s", now.as_secs()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_every_two_seconds() {
        let mut progress = Progress { out: Some(Vec::new()), last: Duration::ZERO };
        for runs in 0..50 {
            progress.tell_at("all_orders", runs, (runs > 40).then_some(50), Duration::from_millis(100 * runs));
        }
        let told = String::from_utf8(progress.out.unwrap()).unwrap();
        assert_eq!(told, "sweep all_orders: 20 runs after 2 s\nsweep all_orders: 40 runs after 4 s\n");
        let mut progress = Progress { out: Some(Vec::new()), last: Duration::ZERO };
        progress.tell_at("seeds", 7, Some(64), EVERY);
        assert_eq!(progress.out.unwrap(), b"sweep seeds: 7 runs of 64 after 2 s\n");
    }
}
