//! What a model of a generator of pictures from noise takes and says of itself.

use super::noise::{Noise, NoiseNetwork};
use crate::nn::TensorError;
use crate::style::onnx::layers::Layers;
use crate::style::onnx::{Dimension, PictureMaker};

impl Noise {
    /// What the input of latent codes, of this `shape`, is; empty where there is none.
    fn code_text(&self, shape: &str) -> String {
        let (categories, continuous) = &self.codes;
        let mut kinds = Vec::new();
        for count in categories {
            kinds.push(format!(
                "{count} values, 1 for one of them and 0 for the others"
            ));
        }
        if *continuous > 0 {
            kinds.push(format!("numbers from -1 to 1, {continuous}"));
        }
        if kinds.is_empty() {
            return String::new();
        }
        format!(" `codes` is {shape}: {}.", kinds.join("; "))
    }
}

impl PictureMaker for Noise {
    fn side(&self) -> usize {
        self.side
    }

    fn description(
        &self,
        channels: usize,
        shape: &dyn Fn(usize, usize) -> String,
        output: &str,
    ) -> String {
        let inputs = self.inputs(channels).into_iter().map(|input| {
            let shape = shape(input.channels, input.side);
            format!("`{}` is {shape}", input.name)
        });
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let told = if self.vector > 0 {
            format!(
                " `condition` is {}: the vector that the picture is made of.",
                shape(self.vector, 1)
            )
        } else if self.classes.is_empty() {
            String::new()
        } else {
            format!(
                " `class` is {}: 1 for the class of the picture and 0 for the others, which are {}.",
                shape(self.classes.len(), 1),
                self.classes.join(", ")
            )
        };
        let codes = self.code_text(&shape(self.code_count(), 1));
        format!(
            "Makes pictures from noise. {inputs}: numbers from the normal distribution.{told}{codes} `output` is {output}."
        )
    }

    fn properties(&self, channels: usize) -> Vec<(&'static str, String)> {
        let mut all = vec![("noise_length", channels.to_string())];
        let inputs = self.inputs(channels);
        if inputs.len() > 1 {
            let names: Vec<_> = inputs.into_iter().map(|input| input.name).collect();
            all.push(("noise_inputs", names.join(", ")));
        }
        if self.vector > 0 {
            all.push(("condition_length", self.vector.to_string()));
        }
        if !self.classes.is_empty() {
            all.push(("classes", self.classes.join(", ")));
        }
        let (categories, continuous) = &self.codes;
        if !categories.is_empty() {
            let counts: Vec<String> = categories.iter().map(usize::to_string).collect();
            all.push(("categories", counts.join(", ")));
        }
        if *continuous > 0 {
            all.push(("continuous_codes", continuous.to_string()));
        }
        all
    }

    fn build(
        &self,
        layers: &mut Layers,
        channels: usize,
        shape: &dyn Fn(usize, usize) -> [Dimension; 4],
    ) -> Result<(), TensorError> {
        let picture = self.picture(layers, channels, shape, "")?;
        let is_open = matches!(
            self.network,
            NoiseNetwork::Progressive { .. } | NoiseNetwork::Style(_) | NoiseNetwork::Laplacian(_)
        );
        if is_open {
            layers.clip(&picture);
        }
        Ok(())
    }
}
