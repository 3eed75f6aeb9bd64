use crate::heap::Heap;

/// A heap, and how it is to be sent: on which substream, under which heap cnt, with or without repeated pointers.
///
/// A plain `&Heap` is sent on substream 0 under the next automatic heap cnt (spead2 `HeapReference`).
///
/// ```
/// use spead_inproc::{Flavour, GroupMode, Heap, InprocQueue, SendConfig, SendStream};
///
/// let queues = [InprocQueue::new(), InprocQueue::new()];
/// let tx = SendStream::with_substreams(&queues, SendConfig::default())?;
/// let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x4300, vec![0; 4000]).build()?;
/// tx.send_heaps(&[heap.on_substream(0), heap.on_substream(1).with_cnt(77)], GroupMode::Serial)?;
/// assert_eq!(queues[1].len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HeapReference<'h> {
    pub(crate) heap: &'h Heap,
    pub(crate) cnt: Option<u64>,
    pub(crate) substream: usize,
    pub(crate) repeat_pointers: bool,
    pub(crate) rate: Option<f64>,
}

impl<'h> HeapReference<'h> {
    /// The heap itself.
    #[must_use]
    pub const fn heap(&self) -> &'h Heap {
        self.heap
    }

    /// Sends on the substream with this index.
    #[must_use]
    pub const fn on_substream(self, substream: usize) -> Self {
        Self { substream, ..self }
    }

    /// Sends under this heap cnt; the automatic sequence does not move.
    #[must_use]
    pub const fn with_cnt(self, cnt: u64) -> Self {
        Self { cnt: Some(cnt), ..self }
    }

    /// Sends at this rate, in bytes a second, instead of the stream's; 0 is no limit.
    #[must_use]
    pub const fn with_rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// Puts all item pointers into every packet, so that each can be understood by itself.
    #[must_use]
    pub const fn repeat_pointers(self) -> Self {
        Self { repeat_pointers: true, ..self }
    }
}

impl<'h> From<&'h Heap> for HeapReference<'h> {
    fn from(heap: &'h Heap) -> Self {
        Self { heap, cnt: None, substream: 0, repeat_pointers: false, rate: None }
    }
}

impl Heap {
    /// This heap, to be sent on the substream with this index.
    #[must_use]
    pub fn on_substream(&self, substream: usize) -> HeapReference<'_> {
        HeapReference::from(self).on_substream(substream)
    }

    /// This heap, to be sent under this heap cnt.
    #[must_use]
    pub fn with_cnt(&self, cnt: u64) -> HeapReference<'_> {
        HeapReference::from(self).with_cnt(cnt)
    }

    /// This heap, to be sent at this rate, in bytes a second; 0 is no limit.
    #[must_use]
    pub fn with_rate(&self, rate: f64) -> HeapReference<'_> {
        HeapReference::from(self).with_rate(rate)
    }

    /// This heap, to be sent with all item pointers in every packet.
    #[must_use]
    pub fn repeat_pointers(&self) -> HeapReference<'_> {
        HeapReference::from(self).repeat_pointers()
    }
}
