//! The rate limiter against a virtual clock: when each packet goes is known exactly.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use smol::future::block_on;
use spead_inproc::{
    Flavour, Heap, InprocQueue, SendConfig, SendConfigError, SendStream,
    heap::Origin,
    stream::{Entry, Io, PacketSink, Refused, Stepper, ThreadPool, VirtualClock},
};

use crate::patience::{LIMIT, in_time};

/// Notes when each packet came and how large it was.
#[derive(Debug, Default)]
struct Stopwatch {
    clock: VirtualClock,
    seen: Mutex<Vec<(Duration, u64)>>,
}

impl PacketSink for Stopwatch {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        let now = self.clock.now();
        self.seen.lock().unwrap().extend(entry.packets().iter().map(|packet| (now, packet.len() as u64)));
        Ok(())
    }

    fn stop(&self) {}
}

fn stream(config: SendConfig, clock: &VirtualClock, io: impl Into<Io>) -> (Arc<Stopwatch>, SendStream) {
    let stopwatch = Arc::new(Stopwatch { clock: clock.clone(), ..Stopwatch::default() });
    let sink = Arc::<Stopwatch>::clone(&stopwatch) as Arc<dyn PacketSink>;
    (stopwatch, SendStream::over([sink], config, Origin::FOREIGN).unwrap().with_io(io))
}

/// A heap in packets of 1448 bytes.
fn heap(packets: usize) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![1; packets * 1408 - 8]).build().unwrap()
}

fn config(rate: f64, burst_size: usize, burst_rate_ratio: f64) -> SendConfig {
    SendConfig { max_packet_size: 1448, rate, burst_size, burst_rate_ratio, ..SendConfig::default() }
}

/// The formula of spead2's `send_writer.cpp`, in seconds, for packets that are all there from the start.
fn formula(sizes: impl IntoIterator<Item = u64>, config: SendConfig) -> Vec<Duration> {
    let (mut now, mut t_burst, mut t_send) = (0.0_f64, 0.0_f64, 0.0_f64);
    let (mut rate_bytes, mut rate_wait) = (0, 0.0);
    let mut times = Vec::new();
    for size in sizes {
        if rate_bytes >= config.burst_size as u64 {
            t_burst += rate_wait / config.burst_rate_ratio;
            t_send += rate_wait;
            (rate_bytes, rate_wait) = (0, 0.0);
            let target = t_burst.max(t_send);
            t_burst = now.max(target);
            now = now.max(target);
        }
        times.push(nanos(now));
        rate_bytes += size;
        rate_wait += size as f64 / config.rate;
    }
    times
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
fn nanos(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}

#[test]
fn twenty_packets_go_when_the_formula_says() {
    let settings = [config(1e5, 1, 1.05), config(1e5, 65536, 1.05), config(3.3e6, 4000, 1.5), config(7.0, 10_000, 1.0)];
    let last = [Duration::from_micros(275_120), Duration::ZERO];
    for (at, config) in settings.into_iter().enumerate() {
        let on_the_thread = {
            let clock = VirtualClock::new();
            let (stopwatch, tx) = stream(config, &clock, &clock);
            tx.send_heap(&heap(20)).unwrap();
            stopwatch.seen.lock().unwrap().clone()
        };
        let stepper = Stepper::new();
        let (stopwatch, tx) = stream(config, stepper.clock(), &stepper);
        drop(tx.send_heap_async(&heap(20)));
        assert_eq!(stepper.run_until_idle(), 20);
        let stepped = stopwatch.seen.lock().unwrap().clone();
        assert_eq!(on_the_thread, stepped);
        assert_eq!(stepped.len(), 20);
        let times: Vec<_> = stepped.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, formula(stepped.iter().map(|(_, size)| *size), config), "{config:?}");
        // What spead2 was seen to take (spec 2.5).
        if let Some(seen) = last.get(at) {
            assert_eq!(times.last(), Some(seen));
        }
    }
}

#[test]
fn an_hour_at_a_megabit_is_exact() {
    // 1000 bytes a packet, 8 ms each, 450 000 packets.
    let config = SendConfig { max_packet_size: 1000, burst_size: 1, rate: 125_000.0, ..SendConfig::default() };
    let clock = VirtualClock::new();
    let queue = InprocQueue::new();
    let tx = SendStream::new(&queue, config).unwrap().with_io(&clock);
    let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![1; 960 * 4500 - 8]).build().unwrap();
    let bytes: u64 = (0..100).map(|_| tx.send_heap(&heap).unwrap().bytes).sum();
    assert_eq!((bytes, queue.len()), (450_000_000, 450_000));
    // The last packet goes when all before it have had their time.
    assert_eq!(clock.now(), Duration::from_secs(3600) - Duration::from_millis(8));
}

#[test]
fn idle_time_is_not_saved_up() {
    let stepper = Stepper::new();
    let config = config(1e5, 1, 1.05);
    let (stopwatch, tx) = stream(config, stepper.clock(), &stepper);
    let step = Duration::from_micros(14_480);
    tx.send_heap(&heap(2)).unwrap();
    stepper.clock().advance(Duration::from_secs(60));
    tx.send_heap(&heap(3)).unwrap();
    let times: Vec<_> = stopwatch.seen.lock().unwrap().iter().map(|(time, _)| *time).collect();
    let again = step + Duration::from_secs(60);
    assert_eq!(times, [Duration::ZERO, step, again, again + step, again + step * 2]);
}

/// A sender that was held up may be faster for a while, but only by the ratio.
#[test]
fn catching_up_is_bounded() {
    let stepper = Stepper::new();
    let (stopwatch, tx) = stream(config(144_800.0, 1, 1.25), stepper.clock(), &stepper);
    drop(tx.send_heap_async(&heap(40)));
    stepper.step();
    stepper.clock().advance(Duration::from_millis(50));
    stepper.run_until_idle();
    let times: Vec<_> = stopwatch.seen.lock().unwrap().iter().map(|(time, _)| time.as_millis()).collect();
    // 10 ms a packet, 8 when late: from 50 ms until it meets the 10 ms grid again, which it does at 200 ms.
    assert_eq!(times[..4], [0, 50, 58, 66]);
    assert_eq!(times[20..24], [202, 210, 220, 230]);
    assert_eq!(times[39], 390);
}

#[test]
fn a_heap_may_have_a_rate_of_its_own() {
    let clock = VirtualClock::new();
    let limited = config(144_800.0, 1, 1.05);
    let (stopwatch, tx) = stream(limited, &clock, &clock);
    tx.send_heap(heap(3).with_rate(1_448_000.0)).unwrap();
    tx.send_heap(heap(3).with_rate(0.0)).unwrap();
    tx.send_heap(&heap(2)).unwrap();
    let times = |stopwatch: &Stopwatch| -> Vec<_> {
        stopwatch.seen.lock().unwrap().iter().map(|(time, _)| time.as_millis()).collect()
    };
    // The time of a packet is that of its own heap; what follows waits for it.
    assert_eq!(times(&stopwatch), [0, 1, 2, 3, 3, 3, 3, 13]);
    // Also on a stream without.
    let clock = VirtualClock::new();
    let (stopwatch, tx) = stream(config(0.0, 1, 1.05), &clock, &clock);
    tx.send_heap(&heap(3)).unwrap();
    tx.send_heap(heap(3).with_rate(144_800.0)).unwrap();
    tx.send_heap(&heap(2)).unwrap();
    assert_eq!(times(&stopwatch), [0, 0, 0, 0, 10, 20, 30, 30]);
}

/// Says when a packet comes.
#[derive(Debug)]
struct Bell {
    ring: mpsc::Sender<()>,
    stopwatch: Stopwatch,
}

impl PacketSink for Bell {
    fn put(&self, entry: Entry) -> Result<(), Refused> {
        self.stopwatch.put(entry)?;
        self.ring.send(()).expect("somebody listens");
        Ok(())
    }

    fn stop(&self) {}
}

#[test]
fn a_pool_waits_for_whoever_moves_the_clock() {
    let clock = VirtualClock::new();
    let pool = ThreadPool::with_clock(2, &clock).unwrap();
    let (ring, heard) = mpsc::channel();
    let bell = Arc::new(Bell { ring, stopwatch: Stopwatch { clock: clock.clone(), ..Stopwatch::default() } });
    let sink = Arc::<Bell>::clone(&bell) as Arc<dyn PacketSink>;
    let config = config(144_800.0, 1, 1.05);
    let tx = SendStream::over([sink], config, Origin::FOREIGN).unwrap().with_io(&pool);
    let sent = tx.send_heap_async(&heap(20));
    for packet in 1..=20 {
        heard.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("packet {packet} did not come in {LIMIT:?}"));
        if packet < 20 {
            assert_eq!(heard.try_recv(), Err(mpsc::TryRecvError::Empty), "packet {packet} has to wait");
            clock.advance(Duration::from_millis(10));
        }
    }
    in_time(move || block_on(sent).unwrap());
    let times: Vec<_> = bell.stopwatch.seen.lock().unwrap().iter().map(|(time, _)| time.as_millis()).collect();
    assert!(times.iter().copied().eq((0..20).map(|packet| packet * 10)), "{times:?}");
}

/// A real clock only ever lets a packet go late: the first burst needs no waiting at all, so this takes no time.
#[test]
fn the_first_burst_goes_at_once_by_the_clock_on_the_wall_too() {
    in_time(|| {
        let (queue, pool) = (InprocQueue::new(), ThreadPool::new(1).unwrap());
        let tx = SendStream::new(&queue, config(1.0, 65536, 1.05)).unwrap();
        assert_eq!(tx.send_heap(&heap(20)).unwrap().packets, 20);
        tx.with_io(&pool).send_heap(&heap(20)).unwrap();
        assert_eq!(queue.len(), 40);
        // One that has to wait does so without anybody's help.
        let fast = SendStream::new(&queue, config(1e8, 1, 1.05)).unwrap();
        fast.send_heap(&heap(20)).unwrap();
        fast.with_io(&pool).send_heap(&heap(20)).unwrap();
        assert_eq!(queue.len(), 80);
    });
}

#[test]
fn settings_that_cannot_work() {
    let refused = |config| SendStream::new(&InprocQueue::new(), config).unwrap_err();
    for rate in [-1.0, f64::INFINITY, f64::NAN] {
        assert!(matches!(refused(config(rate, 1, 1.05)), SendConfigError::Rate { .. }), "{rate}");
    }
    for ratio in [0.99, f64::INFINITY, f64::NAN] {
        assert!(matches!(refused(config(1.0, 1, ratio)), SendConfigError::BurstRateRatio { .. }), "{ratio}");
    }
    SendStream::new(&InprocQueue::new(), config(1.0, 0, 1.0)).unwrap();
    let SendConfig { rate, burst_size, burst_rate_ratio, .. } = SendConfig::default();
    assert_eq!((rate, burst_size, burst_rate_ratio), (0.0, 65536, 1.05));
}
