//! Small pictures that go through a network together.

use super::prepared::{Input, Prepared};
use super::translator::Translator;
use crate::panics;

/// Whether `next` is of the size of `first`, and so many pixels of them and `count - 1` others are as many as a network `takes` at once.
pub(super) fn joins(
    first: &[Prepared],
    count: usize,
    next: &[Prepared],
    takes: impl Fn(usize) -> bool,
) -> bool {
    let ([first], [next]) = (first, next) else {
        return false;
    };
    let size = |page: &Prepared| match &page.input {
        Input::Values(_) => Some([page.padding.padded_height, page.padding.padded_width]),
        Input::Rows(..) => None,
    };
    match (size(first), size(next)) {
        (Some(first), Some(next)) => first == next && takes((count + 1) * next[0] * next[1]),
        _ => false,
    }
}

/// What `translator` makes of pictures that [join](joins) each other, each with its place in the plan; nothing of a single one, nor where
/// something is wrong with any of them: one by one those that can be are translated.
pub(super) fn translate_together(
    translator: &mut dyn Translator,
    pictures: &mut [(usize, &mut Vec<Prepared>)],
) -> Option<Vec<Vec<f32>>> {
    if pictures.len() < 2 {
        return None;
    }
    let padding = pictures[0].1[0].padding;
    let inputs = pictures.iter_mut().map(|(index, pages)| {
        let values = match &mut pages[0].input {
            Input::Values(values) => std::mem::take(values),
            Input::Rows(..) => Vec::new(),
        };
        (*index as u64, values)
    });
    let inputs: Vec<(u64, Vec<f32>)> = inputs.collect();
    let (height, width) = (padding.padded_height, padding.padded_width);
    let made = panics::catch(|| translator.translate_together(&inputs, height, width));
    for ((_, pages), (_, values)) in pictures.iter_mut().zip(inputs) {
        pages[0].input = Input::Values(values);
    }
    match made.unwrap_or_else(Err) {
        Ok(made) => (made.len() == pictures.len()).then_some(made),
        Err(message) => {
            tracing::debug!("{message}: the pictures go one by one");
            None
        }
    }
}
