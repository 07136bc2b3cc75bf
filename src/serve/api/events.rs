//! Progress as server-sent events. A client that does not read them holds up nobody but itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::App;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::runs::{Follower, RunReport, preview_steps, run_report};
use crate::serve::state::Shared;
use crate::train::Curves;

/// How often the files of a training are looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// Steps of one event.
const MOST: usize = 5000;

/// From where on to tell.
#[derive(Deserialize)]
pub(in crate::serve) struct After {
    #[serde(default)]
    after: u64,
}

/// The progress of a task, until it is over: `data` is what `GET /api/tasks/{id}` gives.
#[utoipa::path(get, path = "/api/tasks/{id}/events", tag = "tasks", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, description = "Server-sent events"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn task(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let task = app.shared.tasks.find(&id);
    let task = task.ok_or_else(|| Refusal::missing("task"))?;
    let shared = Arc::clone(&app.shared);
    Ok(changes(&app.shared, move || {
        let report = task.report(shared.queue.place(task.id()));
        let over = report.status.is_over();
        (report.clone(), report, over)
    }))
}

/// The progress of a job, until it is over: `data` is what `GET /api/jobs/{id}` gives.
#[utoipa::path(get, path = "/api/jobs/{id}/events", tag = "jobs", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, description = "Server-sent events"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn job(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let job = app.shared.jobs.find(&id);
    let job = job.ok_or_else(|| Refusal::missing("job"))?;
    Ok(changes(&app.shared, move || {
        let over = job.is_over();
        let report = job.report();
        // Time goes on by itself.
        let known = report.clone().without_time();
        (report, known, over)
    }))
}

/// An event with what `read` gives for each change of that which it gives besides, until it says that there are no more.
fn changes<T, K, R>(
    shared: &Shared,
    read: R,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<T, K, R>>
where
    T: Serialize + Send,
    K: PartialEq + Send + 'static,
    R: FnMut() -> (T, K, bool) + Send + 'static,
{
    let state = (
        shared.watch_changes(),
        shared.watch_stop(),
        read,
        None,
        false,
    );
    let stream = unfold(
        state,
        |(mut changes, mut stop, mut read, last, over)| async move {
            if over {
                return None;
            }
            let mut last: Option<K> = last;
            loop {
                changes.borrow_and_update();
                let stopped = *stop.borrow();
                let (report, known, over) = read();
                if last.as_ref() != Some(&known) {
                    let event = event("progress", &report);
                    last = Some(known);
                    return Some((Ok(event), (changes, stop, read, last, over || stopped)));
                }
                if over || stopped {
                    return None;
                }
                tokio::select! {
                    changed = changes.changed() => changed.ok()?,
                    _ = stop.wait_for(|stopped| *stopped) => {}
                }
            }
        },
    );
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// A training while it goes on. Events: `metrics` (steps after the last, as `GET /api/runs/{name}/metrics` gives them),
/// `restart` (it begins anew: forget what you know), `run` (how far it is) and `previews` (the steps that have some).
#[utoipa::path(get, path = "/api/runs/{name}/events", tag = "trainings",
    params(("name" = String, Path, description = "Name of its style"), ("after" = Option<u64>, Query, description = "The last step that is known")),
    responses((status = 200, description = "Server-sent events"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn run(
    State(app): State<App>,
    Path(name): Path<String>,
    after: Result<Query<After>, axum::extract::rejection::QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let Query(after) = after.map_err(|_| Refusal::bad("`after`: write a step"))?;
    let known = app.shared.styles.folder(&name).is_some();
    if !known && app.shared.trainer.process(&name).is_none() {
        return Err(Refusal::missing("training"));
    }
    let watch = RunWatch {
        name,
        follower: None,
        after: after.after,
        run: None,
        previews: Vec::new(),
    };
    let stop = app.shared.watch_stop();
    let state = (app, watch, VecDeque::new(), stop);
    let stream = unfold(state, |(app, mut watch, mut events, mut stop)| async move {
        loop {
            if let Some(event) = events.pop_front() {
                return Some((Ok(event), (app, watch, events, stop)));
            }
            if *stop.borrow() {
                return None;
            }
            let looked = app.blocking(move |app| {
                let events = watch.look(&app.shared);
                (watch, events)
            });
            (watch, events) = looked.await.ok()?;
            if events.is_empty() {
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    _ = stop.wait_for(|stopped| *stopped) => {}
                }
            }
        }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// What a client knows of a training.
struct RunWatch {
    name: String,
    follower: Option<Follower>,
    after: u64,
    run: Option<RunReport>,
    previews: Vec<u64>,
}

impl RunWatch {
    /// What is new.
    fn look(&mut self, shared: &Shared) -> VecDeque<Event> {
        let mut events = VecDeque::new();
        if let Some(style) = shared.styles.folder(&self.name) {
            let after = self.after;
            let follower = self
                .follower
                .get_or_insert_with(|| Follower::new(style.metrics(), after));
            let new = follower.read();
            if new.restarted {
                events.push_back(event("restart", &()));
            }
            if !new.lines.is_empty() {
                events.push_back(event("metrics", &Curves::of(&new.lines, MOST)));
            }
            let previews = preview_steps(&style);
            if previews != self.previews {
                events.push_back(event("previews", &previews));
                self.previews = previews;
            }
        }
        let run = run_report(
            &self.name,
            &shared.styles,
            &shared.trainer,
            &shared.redaction,
        );
        if let Some(run) = run
            && self.run.as_ref() != Some(&run)
        {
            events.push_back(event("run", &run));
            self.run = Some(run);
        }
        events
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let text = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(text)
}
