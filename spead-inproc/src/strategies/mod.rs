//! [proptest](https://docs.rs/proptest) strategies for tests of SPEAD software; with the feature `proptest`.
//!
//! Knows how to make heaps, item groups, fault plans, orders and packet storms of which a failing one shrinks to what
//! matters: fewer heaps, items, bytes, rules. Must not know what is tested with them.
//!
//! ```
//! use proptest::prelude::*;
//! use spead_inproc::{Flavour, Harness, harness::Act, strategies};
//!
//! proptest!(ProptestConfig::with_cases(20), |(
//!     heaps in prop::collection::vec(strategies::heaps(Flavour::SPEAD_64_48, 3, 4000), 1..5),
//!     plan in strategies::fault_plans(Just(Act::Drop), strategies::selects(1, 5, 4)),
//!     order in strategies::orders(),
//! )| {
//!     let harness = Harness::builder().max_heaps(5).out_of_order().faults(plan).order(order).build().unwrap();
//!     for heap in &heaps {
//!         harness.sender(0).send_heap(heap).unwrap();
//!     }
//!     let report = harness.finish();
//!     // Whatever was not dropped has arrived, and whatever arrived is what was sent.
//!     let came = report.receivers[0].ledger.received() as usize + report.done.len();
//!     prop_assert!(came >= heaps.len());
//!     for event in report.receivers[0].events.iter().cloned() {
//!         let Some(heap) = event.into_heap() else { continue };
//!         prop_assert_eq!(heap.heap(), &heaps[heap.cnt().get() as usize - 1]);
//!     }
//! });
//! ```

mod heaps;
mod items;
mod plans;
mod storms;

pub use heaps::{flavours, heaps};
pub use items::item_groups;
pub use plans::{acts, fault_plans, orders, selects};
pub use storms::packet_storms;
