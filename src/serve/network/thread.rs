//! The thread that owns the device.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::cache::StyleCache;
use super::filling::fill_hole;
use super::folder::{Between, translate_folder};
use super::translation::translate;
use crate::device::OpenDevice;
use crate::panics;
use crate::serve::jobs::Job;
use crate::serve::queue::Work;
use crate::serve::state::Shared;
use crate::serve::tasks::{Order, Task};

/// Starts the thread; it ends when the queue is closed.
///
/// # Errors
/// The system gives no thread.
pub(in crate::serve) fn start(
    shared: Arc<Shared>,
    device: OpenDevice,
) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name("network".to_owned()).spawn(move || {
        let mut network = Network {
            cache: StyleCache::new(device.device),
            shared,
        };
        while let Some(work) = network.shared.queue.next() {
            match work {
                Work::Task(task) => network.task(&task),
                Work::Job(job) => network.job(&job),
            }
        }
    })
}

struct Network {
    cache: StyleCache,
    shared: Arc<Shared>,
}

impl Network {
    fn task(&mut self, task: &Task) {
        if !task.begin() {
            return;
        }
        self.shared.changed();
        let result = self.guarded(|network| match task.order() {
            Order::Translate(order) => translate(task, order, &mut network.cache, &network.shared),
            Order::Fill(order) => fill_hole(task, order, &mut network.cache, &network.shared),
        });
        task.end(result);
        self.shared.changed();
    }

    fn job(&mut self, job: &Job) {
        if !job.begin() {
            return;
        }
        self.shared.changed();
        let result = self.guarded(|network| {
            let shared = Arc::clone(&network.shared);
            translate_folder(job, network, &shared)
        });
        job.end(result);
        self.shared.changed();
    }

    /// Works; messages lose their paths, and a panic becomes one.
    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let shared = Arc::clone(&self.shared);
        let result = panics::catch(|| work(self)).unwrap_or_else(|message| {
            tracing::error!("an error in the program: {message}");
            Err("an error in the program; the server's log has more".to_owned())
        });
        result.map_err(|message| shared.redaction.clean(&message))
    }
}

impl Between for Network {
    fn cache(&mut self) -> &mut StyleCache {
        &mut self.cache
    }

    fn serve_waiting(&mut self) {
        while let Some(task) = self.shared.queue.next_task() {
            self.task(&task);
        }
    }
}
