//! What the machine copies, and what is left of that when a heap comes as flat bytes.

use std::hint::black_box;

use spead_inproc::{InprocQueue, Packetizer, RecvConfig, RecvStream};

use crate::{
    Outcome,
    grid::{drain, heap},
    options::{Case, Options},
    record::{Output, Record},
    timing::{Times, timed},
};

/// Copies of a warm buffer, as the peer script makes them.
pub(crate) fn memcpy(options: &Options, output: &mut Output) {
    for size in [8192, 65536, 1 << 20, 16 << 20, 128 << 20] {
        output
            .write(&Record::new(Case::Memcpy.name()).with("size", size).figure("gb_per_s", memcpy_rate(size, options)));
    }
}

/// 1e9 bytes a second.
fn memcpy_rate(size: usize, options: &Options) -> f64 {
    let (source, mut target) = (vec![1_u8; size], vec![0_u8; size]);
    let loops = ((128 << 20) / size).max(1);
    let mut times = Times::default();
    for _ in 0..options.reps.clamp(3, 5) {
        let (time, ()) = timed(|| {
            for _ in 0..loops {
                black_box(&mut target).copy_from_slice(black_box(&source));
            }
        });
        times.push(time);
    }
    (size * loops) as f64 / times.median() / 1e9
}

/// Flat packets, as a capture or another program brings them, put together into heaps: one copy, no shared memory.
pub(crate) fn copying(options: &Options, output: &mut Output) -> Outcome {
    for payload in options.payloads.iter().copied().filter(|payload| *payload >= 8192) {
        let memcpy = memcpy_rate(payload, options);
        for packet_size in options.packet_sizes.iter().copied() {
            let packets: Vec<_> = Packetizer::new(&heap(payload), 1, packet_size)?.iter().collect();
            let heaps = options.heap_count(payload, packet_size);
            let mut totals = Times::default();
            for _ in 0..options.reps {
                let queue = InprocQueue::new();
                let rx = RecvStream::new(RecvConfig::default())?;
                rx.add_inproc_reader(&queue)?;
                let (total, ()) = timed(|| {
                    for _ in 0..heaps {
                        for packet in &packets {
                            queue.add_packet(packet.clone()).expect("the queue is open");
                        }
                        drain(&rx, 1, payload);
                    }
                });
                totals.push(total);
            }
            let gb_per_s = (heaps * payload) as f64 / totals.median() / 1e9;
            let record = Record::new(Case::Copying.name())
                .with("payload", payload)
                .with("pkt", packet_size)
                .with("n", heaps)
                .with("reps", totals.len())
                .figure("total_s", totals.median())
                .figure("heaps_per_s", heaps as f64 / totals.median())
                .figure("gb_per_s", gb_per_s)
                .figure("memcpy_gb_per_s", memcpy)
                .figure("share", gb_per_s / memcpy);
            output.write(&record);
        }
    }
    Ok(())
}
