//! Sizes of one convolution.

use std::ops::Range;

use crate::kernels::ConvolutionShape;

/// All sizes of one convolution in its forward direction, from `input` to `output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) struct Geometry {
    pub(in crate::kernels) batch: usize,
    pub(in crate::kernels) inputs: usize,
    pub(in crate::kernels) input_height: usize,
    pub(in crate::kernels) input_width: usize,
    pub(in crate::kernels) outputs: usize,
    pub(in crate::kernels) output_height: usize,
    pub(in crate::kernels) output_width: usize,
    pub(in crate::kernels) kernel_height: usize,
    pub(in crate::kernels) kernel_width: usize,
    pub(super) stride: usize,
    pub(super) padding_y: usize,
    pub(super) padding_x: usize,
}

impl Geometry {
    /// Computes the sizes for an input of `[batch, inputs, height, width]` and a weight of `[outputs, inputs, kernel, kernel]`.
    pub(in crate::kernels) fn new(
        [batch, inputs, input_height, input_width]: [usize; 4],
        [outputs, weight_inputs, kernel_height, kernel_width]: [usize; 4],
        shape: ConvolutionShape,
    ) -> Self {
        assert_eq!(
            inputs, weight_inputs,
            "the weight of a convolution must have as many inputs as its input has channels"
        );
        let output = |size: usize, kernel: usize| {
            let padded = size + 2 * shape.padding;
            assert!(
                padded >= kernel,
                "a convolution's padded input ({padded}) is smaller than its kernel ({kernel})"
            );
            (padded - kernel) / shape.stride + 1
        };
        Self {
            batch,
            inputs,
            input_height,
            input_width,
            outputs,
            output_height: output(input_height, kernel_height),
            output_width: output(input_width, kernel_width),
            kernel_height,
            kernel_width,
            stride: shape.stride,
            padding_y: shape.padding,
            padding_x: shape.padding,
        }
    }

    /// Shape of the input.
    pub(in crate::kernels) fn input_dims(&self) -> [usize; 4] {
        let Self { batch, inputs, .. } = *self;
        [batch, inputs, self.input_height, self.input_width]
    }

    /// Shape of the weight.
    pub(in crate::kernels) fn weight_dims(&self) -> [usize; 4] {
        let Self {
            outputs, inputs, ..
        } = *self;
        [outputs, inputs, self.kernel_height, self.kernel_width]
    }

    /// Shape of the output.
    pub(in crate::kernels) fn output_dims(&self) -> [usize; 4] {
        let Self { batch, outputs, .. } = *self;
        [batch, outputs, self.output_height, self.output_width]
    }

    /// Weights from one input channel to one output channel.
    pub(super) fn taps(&self) -> usize {
        self.kernel_height * self.kernel_width
    }

    /// Weights from all input channels to one output channel.
    pub(super) fn depth(&self) -> usize {
        self.inputs * self.taps()
    }

    /// Pixels of one input channel.
    pub(super) fn input_pixels(&self) -> usize {
        self.input_height * self.input_width
    }

    /// Pixels of one output channel.
    pub(super) fn output_pixels(&self) -> usize {
        self.output_height * self.output_width
    }

    /// The same for some pictures of the batch.
    pub(super) fn of(&self, pictures: &Range<usize>) -> Self {
        Self {
            batch: pictures.len(),
            ..*self
        }
    }

    /// The input of one picture of the batch.
    pub(super) fn input_range(&self, picture: usize) -> Range<usize> {
        let length = self.inputs * self.input_pixels();
        picture * length..(picture + 1) * length
    }

    /// The output of one picture of the batch.
    pub(super) fn output_range(&self, picture: usize) -> Range<usize> {
        let length = self.outputs * self.output_pixels();
        picture * length..(picture + 1) * length
    }

    /// The convolution from output to input that computes this one's input gradient with flipped weights, if there is one and
    /// it is less work.
    ///
    /// Columns are copied or added for each tap of each input channel, so with few outputs and many inputs the other direction
    /// has less to do. It is a convolution of the same kind at stride 1 only.
    pub(super) fn exchanged(&self) -> Option<Self> {
        let possible = self.stride == 1
            && self.padding_y < self.kernel_height
            && self.padding_x < self.kernel_width;
        let worthwhile = self.taps() > 1 && 2 * self.outputs <= self.inputs;
        (possible && worthwhile).then(|| self.opposite())
    }

    /// The convolution from output to input, at stride 1, whose weights are this one's with the taps in the opposite order.
    pub(super) fn opposite(&self) -> Self {
        Self {
            batch: self.batch,
            inputs: self.outputs,
            input_height: self.output_height,
            input_width: self.output_width,
            outputs: self.inputs,
            output_height: self.input_height,
            output_width: self.input_width,
            kernel_height: self.kernel_height,
            kernel_width: self.kernel_width,
            stride: 1,
            padding_y: self.kernel_height - 1 - self.padding_y,
            padding_x: self.kernel_width - 1 - self.padding_x,
        }
    }

    /// The weights `[outputs, inputs, kernel, kernel]` as `[inputs, outputs, kernel, kernel]` with the taps in the opposite
    /// order, as the [exchanged](Self::exchanged) convolution takes them.
    pub(super) fn flip_taps(&self, weight: &[f32]) -> Vec<f32> {
        let taps = self.taps();
        let mut flipped = Vec::with_capacity(weight.len());
        for input in 0..self.inputs {
            for output in 0..self.outputs {
                let start = (output * self.inputs + input) * taps;
                flipped.extend(weight[start..start + taps].iter().rev());
            }
        }
        flipped
    }
}

/// Divides `0..length` into ranges of `size`; the last one may be shorter.
pub(super) fn chunk_ranges(length: usize, size: usize) -> Vec<Range<usize>> {
    (0..length)
        .step_by(size)
        .map(|start| start..(start + size).min(length))
        .collect()
}

/// Divides `0..length` into as few ranges of at most `most` as threads, whose number is mostly even, share evenly: an even number, and none
/// much shorter than the others.
pub(super) fn even_ranges(length: usize, most: usize) -> Vec<Range<usize>> {
    let count = length.div_ceil(most);
    let count = if count > 1 {
        count.next_multiple_of(2).min(length)
    } else {
        count
    };
    let start = |number: usize| number * length / count;
    (0..count)
        .map(|number| start(number)..start(number + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::even_ranges;

    #[test]
    fn even_ranges_cover_all_and_differ_by_one() {
        for length in 0..100 {
            for most in 1..9 {
                let ranges = even_ranges(length, most);
                let covered: Vec<usize> = ranges.iter().cloned().flatten().collect();
                assert_eq!(covered, (0..length).collect::<Vec<_>>());
                let sizes = || ranges.iter().map(ExactSizeIterator::len);
                let (least, largest) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
                assert!(largest <= most && largest - least <= 1);
                assert!(ranges.len() < 2 || ranges.len().is_multiple_of(2) || most == 1);
            }
        }
    }
}
