use std::time::Duration;

/// Femtoseconds: times are summed up as whole numbers, so that an hour of packets is exact.
type Femtos = i128;

const PER_SECOND: f64 = 1e15;
const PER_NANO: Femtos = 1_000_000;

/// When the next packet may go (spead2 `send_writer.cpp`): a burst at once, then as long as it takes at the rate; what was
/// late may be made good for a little faster.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limiter {
    /// Bytes of the burst so far, and how long they take at their rate.
    bytes: u64,
    wait: Femtos,
    /// Before this the next burst may not start: at the catch-up rate, and at the rate itself.
    burst: Femtos,
    send: Femtos,
}

impl Limiter {
    /// Starts again after there was nothing to send: time that nobody used is not saved up.
    pub(super) fn resume(&mut self, now: Duration) {
        self.send = self.send.max(femtos(now) - self.wait);
    }

    /// Whether the packets before have not had their time yet.
    pub(super) const fn owes(&self) -> bool {
        self.wait > 0
    }

    /// Until when to wait before the next packet, if at all.
    pub(super) fn due(&mut self, now: Duration, burst_size: usize, burst_rate_ratio: f64) -> Option<Duration> {
        if self.bytes < burst_size as u64 {
            return None;
        }
        self.burst += scaled(self.wait, burst_rate_ratio);
        self.send += self.wait;
        (self.bytes, self.wait) = (0, 0);
        let (now, target) = (femtos(now), self.burst.max(self.send));
        self.burst = now.max(target);
        (now < target).then(|| duration(target))
    }

    /// Counts a packet that was sent at so many bytes a second; 0 is no limit.
    pub(super) fn count(&mut self, bytes: u64, rate: f64) {
        self.bytes += bytes;
        if rate > 0.0 {
            self.wait += rounded(bytes as f64 * (PER_SECOND / rate));
        }
    }
}

fn femtos(time: Duration) -> Femtos {
    Femtos::try_from(time.as_nanos()).unwrap_or(Femtos::MAX / PER_NANO) * PER_NANO
}

/// To the nearest nanosecond.
fn duration(time: Femtos) -> Duration {
    let nanos = u64::try_from((time + PER_NANO / 2) / PER_NANO).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos)
}

fn scaled(time: Femtos, ratio: f64) -> Femtos {
    rounded(time as f64 / ratio)
}

/// A rate may be so small that a packet takes longer than the universe has: then it takes 30 000 years.
#[expect(clippy::cast_possible_truncation, reason = "no more than the limit")]
fn rounded(femtos: f64) -> Femtos {
    femtos.round().min(1e27) as Femtos
}
