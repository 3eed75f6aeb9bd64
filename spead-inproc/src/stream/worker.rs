use std::{fmt, future::poll_fn, panic::resume_unwind};

use futures_channel::oneshot;
use futures_lite::future::or;

use super::{
    HeapRing, RecvError, RecvStream, RingError,
    intake::Intake,
    reading::Wait,
    ring::{Place, Put},
};
use crate::sync::{
    block_on,
    thread::{self, JoinHandle},
};

/// A thread that puts the heaps of a stream into a ring; see [`RecvStream::read_into`].
///
/// Dropped, it stops its stream and waits for the thread, which does not take long.
///
/// ```
/// use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream, stream::HeapRing};
///
/// let queue = InprocQueue::new();
/// let tx = SendStream::new(&queue, SendConfig::default())?;
/// (0..3).try_for_each(|_| tx.send_heap(&Heap::start_of_stream(Flavour::SPEAD_64_48)).map(drop))?;
///
/// let ring = HeapRing::new(1)?;
/// let rx = RecvStream::new(RecvConfig::default())?;
/// rx.add_inproc_reader(&queue)?;
/// let worker = rx.read_into(&ring)?;
/// assert_eq!(ring.next_heap()?.cnt(), 1);
/// // Though the ring is full and nobody reads it.
/// worker.stop();
/// // What it had not read stays in the queue, what found no room in the stream.
/// let in_ring = ring.heaps().count();
/// assert_eq!(in_ring + rx.heaps().count() + queue.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it stops the stream"]
pub struct Worker {
    stream: RecvStream,
    ring: HeapRing,
    /// Has the thread end, whatever it waits for.
    stop: Option<oneshot::Sender<()>>,
    /// Resolves when the thread is done.
    done: oneshot::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Stops the stream and the ring at once. What found no room in the ring stays in the stream, and can be read there.
    ///
    /// # Panics
    /// If a source of the user's own panicked in the thread.
    pub fn stop(mut self) {
        self.ring.stop();
        self.end();
    }

    /// Waits for the end of the stream, or of the ring.
    ///
    /// # Errors
    /// In a harness [`RecvError::Starved`] if neither comes in time; then the worker was stopped.
    ///
    /// # Panics
    /// If a source of the user's own panicked in the thread.
    pub fn join(mut self) -> Result<(), RecvError> {
        let limit = self.stream.patience();
        let in_time = block_on(&mut self.done, limit).is_some();
        let result = if in_time { Ok(()) } else { Err(self.stream.starved(limit.unwrap_or_default())) };
        if in_time {
            self.wait();
        } else {
            self.end();
        }
        result
    }

    fn end(&mut self) {
        self.stop = None;
        self.stream.stop();
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("stream", &self.stream).field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl RecvStream {
    /// Starts a thread that puts heaps together and into a ring; incomplete ones are passed over, as
    /// [`next_heap`](Self::next_heap) does. Several streams may share a ring. [`Stats`](crate::Stats) counts in
    /// `worker_blocked` the heaps that found it full; they wait in the stream.
    ///
    /// # Errors
    /// [`RingError::Over`] if nothing more can be put into the ring, [`RingError::Spawn`] if the system gives no thread.
    pub fn read_into(&self, ring: &HeapRing) -> Result<Worker, RingError> {
        let reading = self.read_into_async(ring)?;
        let (stop, stopped) = oneshot::channel();
        let (end, done) = oneshot::channel();
        let run = move || {
            // Dropped last, also by a panic.
            let _end: oneshot::Sender<()> = end;
            let stopped = async { stopped.await.unwrap_or_default() };
            block_on(or(stopped, reading), None);
        };
        let thread = thread::Builder::new().name("spead-recv".to_owned()).spawn(run).map_err(RingError::Spawn)?;
        Ok(Worker { stream: self.clone(), ring: ring.clone(), stop: Some(stop), done, thread: Some(thread) })
    }

    /// What the thread of [`read_into`](Self::read_into) does, for code that is async or wants to say when it goes on: until the
    /// stream or the ring ends. Needs no particular runtime. The stream is one of the ring's from this call on; dropping the
    /// future loses nothing.
    ///
    /// ```
    /// use futures_lite::{FutureExt as _, future::block_on};
    /// use spead_inproc::{Flavour, Heap, InprocQueue, RecvConfig, RecvStream, SendConfig, SendStream, stream::HeapRing};
    ///
    /// let queue = InprocQueue::new();
    /// let tx = SendStream::new(&queue, SendConfig::default())?;
    /// (0..3).try_for_each(|_| tx.send_heap(&Heap::start_of_stream(Flavour::SPEAD_64_48)).map(drop))?;
    ///
    /// let ring = HeapRing::new(2)?;
    /// let rx = RecvStream::new(RecvConfig::default())?;
    /// rx.add_inproc_reader(&queue)?;
    /// let mut reading = Box::pin(rx.read_into_async(&ring)?);
    /// assert!(block_on(futures_lite::future::poll_once(&mut reading)).is_none());
    /// assert_eq!((ring.len(), rx.stats().worker_blocked), (2, 1)); // the third finds no room
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RingError::Over`] if nothing more can be put into the ring.
    pub fn read_into_async(&self, ring: &HeapRing) -> Result<impl Future<Output = ()> + Send + use<>, RingError> {
        let place = ring.place(self)?;
        Ok(read_into(self.clone(), place))
    }
}

/// Moves heaps into a ring until either ends. A heap is always in the one or the other, so this can be dropped wherever it
/// waits.
async fn read_into(stream: RecvStream, place: Place) {
    let ring = place.ring();
    let mut wait = Wait::patient();
    let has_heap = |intake: &mut Intake| intake.has_heap().then_some(());
    loop {
        let ready = poll_fn(|context| stream.poll_look(&mut wait, context, has_heap).map(|look| look.is_ok()));
        let over = ring.wait_for_room(|| ring.is_over().then_some(false));
        if !or(ready, over).await {
            return;
        }
        let mut blocked = false;
        let put = ring.wait_for_room(|| match ring.put_from(&stream) {
            Put::Done => Some(true),
            Put::Over => Some(false),
            Put::Full => {
                if !std::mem::replace(&mut blocked, true) {
                    stream.count_blocked();
                }
                None
            }
        });
        if !put.await {
            return;
        }
    }
}
