use std::sync::Arc;

use bytes::Bytes;
use insta::Settings;

use super::{ReceiverReport, comparison::Comparison, render::wire, settings, site::Home, tolerance::Tolerances};
use crate::{
    heap::Origin,
    send::{Packetizer, Run},
    stream::{Entry, RecvStream},
};

/// What streams of a harness know of their test.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) tolerances: Arc<Tolerances>,
    /// What tells this case from its siblings.
    pub(super) case: Option<String>,
}

/// A text for insta, and how it is compared.
#[derive(Debug)]
pub struct Shown {
    text: String,
    comparison: Option<Comparison>,
    /// The case that it belongs to, if somebody knows: on a thread of the test's own insta does not.
    case: Option<String>,
}

impl Shown {
    /// What a stream has given out since the last time, or can give out now.
    pub fn heaps(rx: &impl AsRef<RecvStream>, home: &Home) -> Self {
        let rx = rx.as_ref();
        let attached = rx.attached().and_then(|attached| attached.downcast_ref::<Attached>());
        let tolerances = attached.map(|attached| Arc::clone(&attached.tolerances)).unwrap_or_default();
        let report = ReceiverReport::new(rx, &tolerances);
        let comparison = Comparison::new(home.artifact(), report.values());
        let case = attached.and_then(|attached| attached.case.clone());
        Self { text: report.to_string(), comparison: Some(comparison), case }
    }

    /// A line for each packet.
    pub fn packets(packets: &(impl WireView + ?Sized)) -> Self {
        Self { text: packets.wire_view(), comparison: None, case: None }
    }

    /// Lets insta compare the text.
    #[track_caller]
    pub fn compare(&self, home: &Home, assert: impl FnOnce(&str)) {
        let settings = settings::for_body(&Settings::clone_current(), self.case.clone());
        let mut settings = settings::for_heaps(&settings, &home.snapshots());
        if let Some(comparison) = &self.comparison {
            comparison.clone().bind_to(&mut settings);
        }
        settings.bind(|| assert(&self.text));
    }
}

/// What can be shown packet by packet: one line each, with sender, heap, bytes and item pointers.
///
/// ```
/// use spead_inproc::{Flavour, Heap, Packetizer, harness::WireView};
///
/// let heap = Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).item(0x4300, vec![0; 2000]).build()?;
/// assert_eq!(
///     Packetizer::new(&heap, 1, 1472)?.wire_view(),
///     "foreign bytes: heap 0x1 0..1416 of 2000, 1472 bytes, 0x1600 I 5, 0x4300 A 0\n\
///      foreign bytes: heap 0x1 1416..2000 of 2000, 624 bytes\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait WireView {
    /// The lines.
    fn wire_view(&self) -> String;
}

/// The packets that the stream of a harness has read, or can read now.
impl WireView for RecvStream {
    fn wire_view(&self) -> String {
        let entries = self.entries();
        let packets: Vec<_> = entries
            .iter()
            .flat_map(|entry| entry.packets().into_iter().map(|packet| (entry.origin(), packet)))
            .collect();
        wire::packets(packets.iter().map(|(origin, packet)| (*origin, packet)))
    }
}

/// What was sent: see [`SendStream::sent`](crate::SendStream::sent).
impl WireView for Vec<Run> {
    fn wire_view(&self) -> String {
        let packets: Vec<_> = self.iter().flat_map(|run| run.packets().map(|packet| (run.origin(), packet))).collect();
        wire::packets(packets.iter().map(|(origin, packet)| (*origin, packet)))
    }
}

/// What a transport holds or has held: see [`Groups::tap`](super::Groups::tap).
impl WireView for Vec<Entry> {
    fn wire_view(&self) -> String {
        let packets: Vec<_> =
            self.iter().flat_map(|entry| entry.packets().into_iter().map(|it| (entry.origin(), it))).collect();
        wire::packets(packets.iter().map(|(origin, packet)| (*origin, packet)))
    }
}

impl WireView for [Bytes] {
    fn wire_view(&self) -> String {
        wire::packets(self.iter().map(|packet| (Origin::FOREIGN, packet)))
    }
}

impl WireView for Vec<Bytes> {
    fn wire_view(&self) -> String {
        self.as_slice().wire_view()
    }
}

impl WireView for Packetizer {
    fn wire_view(&self) -> String {
        self.iter().collect::<Vec<_>>().wire_view()
    }
}

impl<T: WireView + ?Sized> WireView for &T {
    fn wire_view(&self) -> String {
        (**self).wire_view()
    }
}

/// Compares what a [`RecvStream`] has received with an insta snapshot.
///
/// `assert_heaps_snapshot!(rx)`, `(rx, "name")` or inline `(rx, @"…")`. Reads everything that can be read without waiting and
/// takes it: a later snapshot, also the one at the end of a `#[spead_test]`, shows only what came after.
///
/// ```
/// use spead_inproc::{Flavour, Harness, Heap, assert_heaps_snapshot};
///
/// let harness = Harness::builder().build()?;
/// harness.sender(0).send_heap(&Heap::builder(Flavour::SPEAD_64_48).immediate(0x1600, 5).build()?)?;
/// assert_heaps_snapshot!(harness.receiver(), @r"
/// heap 0x1 from sender 0: whole, 1 packet, SPEAD-64-48
///   0x1600 u48 = 5
/// stats: heaps 1, evicted 0, flushed 0, packets 1, single-packet heaps 1
/// window: max_heaps 4, substreams 1, in order
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! assert_heaps_snapshot {
    ($rx:expr $(, $($name:tt)*)?) => {{
        let home = $crate::__home!("");
        $crate::__assert_shown!(home, $crate::__private::Shown::heaps(&$rx, &home), $($($name)*)?)
    }};
}

/// Compares packets, one line each, with an insta snapshot.
///
/// `assert_packets_snapshot!(packets)`, `(packets, "name")` or inline `(packets, @"…")`, of anything that has a
/// [`WireView`]: flat packets, a packetiser, or the receiver of a harness, of which it shows all
/// packets that were read.
///
/// ```
/// use spead_inproc::{Flavour, Heap, Packetizer, assert_packets_snapshot};
///
/// let heap = Heap::end_of_stream(Flavour::SPEAD_64_48);
/// assert_packets_snapshot!(
///     Packetizer::new(&heap, 1, 1472)?,
///     @"foreign bytes: heap 0x1 0..1 of 1, 57 bytes, 0x0006 I 2, 0x0000 A 0"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! assert_packets_snapshot {
    ($packets:expr $(, $($name:tt)*)?) => {{
        let home = $crate::__home!("");
        $crate::__assert_shown!(home, $crate::__private::Shown::packets(&$packets), $($($name)*)?)
    }};
}

/// insta's macros must expand in the user's crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_shown {
    ($home:ident, $shown:expr, @ $inline:literal $(,)?) => {
        $shown.compare(&$home, |text| {
            #[allow(unused_imports)]
            use $crate::__private::std::prelude::rust_2021::*;
            // A case comes here as often as there are cases; the text is the same for all.
            $crate::__private::insta::allow_duplicates! { $crate::__private::insta::assert_snapshot!(text, @$inline) }
        })
    };
    ($home:ident, $shown:expr, $name:expr $(,)?) => {
        $shown.compare(&$home, |text| {
            #[allow(unused_imports)]
            use $crate::__private::std::prelude::rust_2021::*;
            $crate::__private::insta::assert_snapshot!($name, text)
        })
    };
    ($home:ident, $shown:expr, $(,)?) => {
        $shown.compare(&$home, |text| {
            #[allow(unused_imports)]
            use $crate::__private::std::prelude::rust_2021::*;
            $crate::__private::insta::assert_snapshot!(text)
        })
    };
}

#[cfg(test)]
mod tests {
    use insta::{Comparator, Snapshot};

    use super::*;
    use crate::harness::Harness;

    /// Finds everything equal.
    struct Anything;

    impl Comparator for Anything {
        fn matches(&self, _: &Snapshot, _: &Snapshot) -> bool {
            true
        }

        fn dyn_clone(&self) -> Box<dyn Comparator> {
            Box::new(Self)
        }
    }

    #[test]
    fn the_comparator_of_the_user_compares() {
        let harness = Harness::builder().build().unwrap();
        let home = Home::new("it", "t", "/snapshots");
        let shown = Shown::heaps(harness.receiver(), &home);
        let mut settings = Settings::clone_current();
        settings.set_comparator(Box::new(Anything));
        settings.bind(|| shown.compare(&home, |text| insta::assert_snapshot!(text, @"anything at all")));
    }
}
