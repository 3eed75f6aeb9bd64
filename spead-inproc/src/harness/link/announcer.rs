use crate::{
    descriptor::Descriptor,
    harness::descriptors::{Descriptors, Policy},
    heap::{Heap, HeapBuilder, Item},
    send::Run,
    wire::{Flavour, HeapCnt, ItemId},
};

/// What becomes of one sender's descriptors.
#[derive(Debug)]
pub(super) struct Announcer {
    policy: Policy,
    /// Heaps with data that have gone by.
    data: u64,
    /// Descriptors that were sent, or are kept back.
    known: Vec<Item>,
    /// How far apart the cnts of the sender's own heaps are.
    stride: u64,
}

/// What is to be done with a heap.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// The heap itself, if it goes on: perhaps without its descriptors.
    pub(super) heap: Option<Run>,
    /// Descriptors that follow it.
    pub(super) after: Option<Run>,
}

impl Announcer {
    pub(super) fn new(descriptors: &Descriptors, stride: u64) -> Self {
        Self { policy: descriptors.0.clone(), data: 0, known: Vec::new(), stride: stride.max(1) }
    }

    /// The rule that the loss of descriptors is put down to.
    pub(super) const fn rule(&self) -> &'static str {
        match self.policy {
            Policy::Late(_) => "descriptors are late",
            _ => "descriptors are lost",
        }
    }

    /// What is to be done with a heap.
    pub(super) fn pass(&mut self, run: Run) -> Announced {
        if self.policy == Policy::First {
            return Announced { heap: Some(run), after: None };
        }
        let whole =
            run.range().start == 0 && run.with_heap(run.heap(), run.cnt()).is_some_and(|of| of.len() == run.len());
        let (own, others): (Vec<&Item>, Vec<&Item>) =
            run.heap().items().iter().partition(|item| item.id() == ItemId::DESCRIPTOR);
        let has_data = run.range().start == 0 && others.iter().any(|item| item.id() > ItemId::STREAM_CONTROL);
        let stripped = match self.policy {
            Policy::Lost => true,
            Policy::Late(heaps) => self.data < heaps,
            _ => false,
        };
        for item in &own {
            if !self.known.contains(item) {
                self.known.push((*item).clone());
            }
        }
        let heap = match (stripped && whole && !own.is_empty(), others.is_empty()) {
            (false, _) => Some(run.clone()),
            (true, true) => None,
            (true, false) => {
                heap_of(run.heap().flavour(), others.into_iter()).and_then(|heap| run.with_heap(&heap, run.cnt()))
            }
        };
        self.data += u64::from(has_data);
        let after = if has_data { self.announced(&run) } else { None };
        Announced { heap, after }
    }

    /// The descriptors that come after so many heaps.
    fn announced(&self, run: &Run) -> Option<Run> {
        let flavour = run.heap().flavour();
        let heap = match &self.policy {
            Policy::Late(heaps) if *heaps == self.data => heap_of(flavour, self.known.iter()),
            Policy::Every(heaps) if self.data.is_multiple_of(*heaps) => heap_of(flavour, self.known.iter()),
            Policy::Changed(heaps, to) if *heaps == self.data => {
                let add =
                    |builder: HeapBuilder, of: &Descriptor| builder.raw_descriptor(&of.to_raw(flavour.bug_compat()));
                to.iter().try_fold(Heap::builder(flavour), add).ok()?.build().ok()
            }
            _ => None,
        }?;
        run.with_heap(&heap, self.free_cnt(run.cnt(), flavour))
    }
    /// A cnt of the same sender that its own heaps come to last.
    fn free_cnt(&self, cnt: HeapCnt, flavour: Flavour) -> HeapCnt {
        let half = (1_u64 << (flavour.address_bits() - 1)) / self.stride * self.stride;
        HeapCnt::new(cnt.get().wrapping_add(half), flavour).unwrap_or(cnt)
    }
}

/// A heap of these items; nothing if there are none.
fn heap_of<'i>(flavour: Flavour, items: impl Iterator<Item = &'i Item>) -> Option<Heap> {
    let mut items = items.peekable();
    items.peek()?;
    items.fold(Heap::builder(flavour), HeapBuilder::push_item).build().ok()
}
