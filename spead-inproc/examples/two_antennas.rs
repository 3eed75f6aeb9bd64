//! Two antennas send into one queue; one receiver puts their heaps together.
//!
//! `cargo run --example two_antennas`

use spead_inproc::{Flavour, Harness, Heap};

const TIMESTAMP: u64 = 0x1600;
const FENG_ID: u64 = 0x4101;
const FENG_RAW: u64 = 0x4300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let harness = Harness::builder().senders(2).build()?;
    for spectrum in 0..2_u8 {
        for antenna in 0..2_u8 {
            let heap = Heap::builder(Flavour::SPEAD_64_48)
                .immediate(TIMESTAMP, u64::from(spectrum) << 21)
                .immediate(FENG_ID, antenna.into())
                .item(FENG_RAW, vec![16 * spectrum + antenna; 8192])
                .build()?;
            let sent = harness.sender(antenna.into()).send_heap(&heap)?;
            println!("antenna {antenna} sent heap {} in {} packets, {} bytes", sent.cnt, sent.packets, sent.bytes);
        }
    }
    harness.stop();
    for heap in harness.receiver() {
        let heap = heap?;
        let value = |id| heap.item(id).and_then(|item| item.as_immediate()).unwrap_or_default();
        println!("received heap {}: timestamp {}, antenna {}", heap.cnt(), value(TIMESTAMP), value(FENG_ID));
    }
    print!("\n{}", harness.finish());
    Ok(())
}
