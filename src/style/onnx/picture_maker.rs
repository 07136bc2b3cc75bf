//! Generators that are given no picture.

use std::fmt::Debug;
use std::sync::Arc;

use super::layers::Layers;
use super::message::Dimension;
use crate::nn::TensorError;

/// A generator that makes pictures of other things than pictures: what it takes, and its layers.
pub(crate) trait PictureMaker: Debug + Send + Sync {
    /// Side of the pictures that it makes, which are square.
    fn side(&self) -> usize;

    /// What goes in and comes out, for people, where the first input has so many `channels`. `shape` is the text of that of inputs of so many
    /// channels of this side, and `output` describes the output.
    fn description(
        &self,
        channels: usize,
        shape: &dyn Fn(usize, usize) -> String,
        output: &str,
    ) -> String;

    /// The same for programs: keys with values.
    fn properties(&self, channels: usize) -> Vec<(&'static str, String)>;

    /// Adds all of it to a graph, from the inputs to the picture, which is the value of the last node. `shape` is that of inputs of so many
    /// channels of this side.
    fn build(
        &self,
        layers: &mut Layers,
        channels: usize,
        shape: &dyn Fn(usize, usize) -> [Dimension; 4],
    ) -> Result<(), TensorError>;
}

/// What a generator takes in place of a picture.
#[derive(Debug, Clone)]
pub struct NoPicture(pub(super) Arc<dyn PictureMaker>);

impl NoPicture {
    /// What `maker` takes.
    pub(crate) fn new(maker: impl PictureMaker + 'static) -> Self {
        Self(Arc::new(maker))
    }
}
