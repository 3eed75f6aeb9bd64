use std::sync::Arc;

use super::InprocQueue;
use crate::stream::{PacketSink, ReaderError, RecvStream, SendConfig, SendConfigError, SendStream};

impl SendStream {
    /// A stream that sends into a queue.
    ///
    /// # Errors
    /// [`SendConfigError`] if the settings cannot work.
    pub fn new(queue: &InprocQueue, config: SendConfig) -> Result<Self, SendConfigError> {
        Self::with_substreams(std::slice::from_ref(queue), config)
    }

    /// A stream with one substream for each queue. The order of packets is one for the whole stream.
    ///
    /// # Errors
    /// [`SendConfigError`] if there is no queue, or the settings cannot work.
    pub fn with_substreams(queues: &[InprocQueue], config: SendConfig) -> Result<Self, SendConfigError> {
        let origin = queues.first().ok_or(SendConfigError::NoSubstreams)?.next_origin();
        Self::over(queues.iter().map(|queue| Arc::new(queue.clone()) as Arc<dyn PacketSink>), config, origin)
    }
}

impl RecvStream {
    /// Reads from a queue: also what was put there before. Several streams may read one queue; then each packet goes to
    /// one of them, which makes sense only if every heap is a single packet.
    ///
    /// # Errors
    /// [`ReaderError`] if the stream waits for an explicit start and has got it.
    pub fn add_inproc_reader(&self, queue: &InprocQueue) -> Result<(), ReaderError> {
        self.add_reader(Arc::new(queue.clone()))
    }
}
