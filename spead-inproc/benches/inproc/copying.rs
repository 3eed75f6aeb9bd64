//! What the machine copies, and what is left of that when a heap comes as flat bytes.

use std::{error::Error, hint::black_box};

use spead_inproc::{InprocQueue, Packetizer, RecvConfig, RecvStream, SendConfig, SendStream};

use crate::{
    Outcome,
    grid::{check, drain, heap},
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

/// One copy of each byte: heaps that are read into a buffer of the caller's, and heaps of flat packets, as a capture or
/// another program brings them, which share no memory and are put together.
pub(crate) fn copying(options: &Options, output: &mut Output) -> Outcome {
    for payload in options.payloads.iter().copied().filter(|payload| *payload >= 8192) {
        let memcpy = memcpy_rate(payload, options);
        for packet_size in options.packet_sizes.iter().copied() {
            let heaps = options.heap_count(payload, packet_size);
            let sent = into_a_buffer(payload, packet_size, heaps, options)?;
            let foreign = foreign_bytes(payload, packet_size, heaps, options)?;
            for (what, totals) in [("into a buffer", sent), ("foreign bytes", foreign)] {
                let gb_per_s = (heaps * payload) as f64 / totals.median() / 1e9;
                let record = Record::new(Case::Copying.name())
                    .with("payload", payload)
                    .with("pkt", packet_size)
                    .with("what", what)
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
    }
    Ok(())
}

/// All heaps are sent; then each is received and copied.
fn into_a_buffer(payload: usize, packet_size: usize, heaps: usize, options: &Options) -> Result<Times, Box<dyn Error>> {
    let (heap, mut buffer) = (heap(payload), vec![0; payload]);
    let mut totals = Times::default();
    for _ in 0..options.reps {
        let queue = InprocQueue::new();
        let tx = SendStream::new(&queue, SendConfig { max_packet_size: packet_size, ..SendConfig::default() })?;
        let (total, received) = timed(|| {
            for _ in 0..heaps {
                tx.send_heap(&heap).expect("the queue is open");
            }
            let rx = RecvStream::new(RecvConfig::default())?;
            rx.add_inproc_reader(&queue)?;
            for _ in 0..heaps {
                let heap = rx.next_heap()?;
                check(&heap, payload);
                black_box(&mut buffer).copy_from_slice(heap.items()[0].bytes());
            }
            Ok::<_, Box<dyn Error>>(())
        });
        received?;
        totals.push(total);
    }
    Ok(totals)
}

fn foreign_bytes(payload: usize, packet_size: usize, heaps: usize, options: &Options) -> Result<Times, Box<dyn Error>> {
    let packets: Vec<_> = Packetizer::new(&heap(payload), 1, packet_size)?.iter().collect();
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
    Ok(totals)
}
