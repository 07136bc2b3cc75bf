//! Convolutions in bfloat16: input, weight and gradient are rounded to it, and sums are of 32 bits.
//!
//! Processors with AMX multiply tiles of 16 x 32 by 32 x 16 numbers, those with AVX512-BF16 vectors. Pictures are packed with the channels of a
//! pixel side by side, so that the pixels of a tile are lines of memory 64 bytes apart, whatever the tap: no columns are made. A tile
//! that is read from rows that cross lines takes five times as long.
//!
//! A convolution at stride 2 is one of the four phases of its input, and an input gradient at stride 2 is four convolutions of the gradient, for the
//! four phases of the input.

mod channel;
mod correlation;
mod geometry;
mod grid;
mod halves;
mod level;
mod pixels;
mod tiles;
mod vectors;
mod weight_gradient;
mod weights;

pub(super) use channel::{Channel, PIECES};
pub(super) use geometry::{
    forward, forward_of_channels, input_gradient, is_always_applicable, is_applicable, pack_weight,
    weight_gradient,
};
pub(in crate::kernels) use level::has_products_of_bfloat16;
pub(super) use weights::Weight;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use half::slice::HalfBitsSliceExt;

    use super::geometry::{forward_at, input_gradient_at, pack_weight, weight_gradient_at};
    use super::level::{Level, level};
    use super::weights::Weight;
    use crate::kernels::flex::forward;
    use crate::kernels::flex::geometry::Geometry;
    use crate::kernels::flex::input_gradient::input_gradient;
    use crate::kernels::flex::rounding::rounded;
    use crate::kernels::flex::weight_gradient::products;
    use crate::kernels::{ConvolutionShape, Precision};

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 5003.5 - 1.0)
            .collect()
    }

    fn close(found: &[f32], expected: &[f32]) -> Result<(), TestCaseError> {
        prop_assert_eq!(found.len(), expected.len());
        let most = expected
            .iter()
            .fold(1e-3_f32, |most, value| most.max(value.abs()));
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (found - expected).abs();
            prop_assert!(error <= 2e-5 * most, "{index}: {found}, not {expected}");
        }
        Ok(())
    }

    /// What this processor has. What AMX computes, vectors do too.
    fn levels() -> Vec<Level> {
        match level() {
            Some(Level::Tiles) => vec![Level::Tiles, Level::Dots],
            Some(Level::Dots) => vec![Level::Dots],
            None => {
                println!("SKIPPED: no products of bfloat16");
                Vec::new()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn all_are_convolutions_of_rounded_numbers(
            batch in 1_usize..4,
            channels in [1_usize..70, 1..70],
            room in [0_usize..24, 0..40],
            kernel in [1_usize..8, 1..8],
            stride in 1_usize..3,
            padding in 0_usize..7,
            has_bias: bool,
        ) {
            let padding = padding.min(kernel[0].min(kernel[1]) - 1);
            let [inputs, outputs] = channels;
            let precision = Precision::Bf16;
            let geometry = Geometry::new(
                [batch, inputs, kernel[0] + room[0], kernel[1] + room[1]],
                [outputs, inputs, kernel[0], kernel[1]],
                ConvolutionShape { stride, padding, precision },
            );
            let input = numbers(geometry.input_dims().iter().product(), 1);
            let weight = numbers(outputs * geometry.depth(), 2);
            let gradient = numbers(geometry.output_dims().iter().product(), 3);
            let bias = |channels: usize| if has_bias { numbers(channels, 4) } else { Vec::new() };
            let [of_outputs, of_inputs] = [bias(outputs), bias(inputs)];
            let [input32, weight32, gradient32] = [&input, &weight, &gradient].map(|values| rounded(values));
            for level in levels() {
                close(
                    &forward_at(level, &geometry, &input, Weight::Plain(&weight), &of_outputs),
                    &forward::forward(&geometry, &input32, &weight32, &of_outputs),
                )?;
                close(
                    &input_gradient_at(level, &geometry, &gradient, Weight::Plain(&weight), &of_inputs),
                    &input_gradient(&geometry, &gradient32, &weight32, &of_inputs),
                )?;
                close(
                    &weight_gradient_at(level, &geometry, &input, &gradient),
                    &products(&geometry, &input32, &gradient32),
                )?;
            }
        }
    }

    /// Many cells, so that tasks share them.
    #[test]
    fn large_pictures_are_convolved() {
        for (input, outputs, kernel, stride) in
            [([1, 3, 90, 131], 40, 7, 1), ([1, 40, 128, 96], 70, 4, 2)]
        {
            let shape = ConvolutionShape {
                stride,
                padding: 1,
                precision: Precision::Bf16,
            };
            let geometry = Geometry::new(input, [outputs, input[1], kernel, kernel], shape);
            let values = numbers(input.iter().product(), 1);
            let weight = numbers(outputs * geometry.depth(), 2);
            let gradient = numbers(geometry.output_dims().iter().product(), 3);
            let [values32, weight32, gradient32] =
                [&values, &weight, &gradient].map(|values| rounded(values));
            for level in levels() {
                let found = forward_at(level, &geometry, &values, Weight::Plain(&weight), &[]);
                close(
                    &found,
                    &forward::forward(&geometry, &values32, &weight32, &[]),
                )
                .unwrap();
                let found =
                    input_gradient_at(level, &geometry, &gradient, Weight::Plain(&weight), &[]);
                close(
                    &found,
                    &input_gradient(&geometry, &gradient32, &weight32, &[]),
                )
                .unwrap();
                let found = weight_gradient_at(level, &geometry, &values, &gradient);
                close(&found, &products(&geometry, &values32, &gradient32)).unwrap();
            }
        }
    }

    #[test]
    fn packed_weights_give_the_same() {
        let shape = ConvolutionShape {
            stride: 2,
            padding: 1,
            precision: Precision::Bf16,
        };
        let geometry = Geometry::new([1, 64, 20, 24], [96, 64, 4, 4], shape);
        let weight = numbers(96 * geometry.depth(), 1);
        let input = numbers(geometry.input_dims().iter().product(), 2);
        let gradient = numbers(geometry.output_dims().iter().product(), 3);
        for level in levels() {
            let plain = Weight::Plain(&weight);
            let packed = pack_weight(&weight, geometry.weight_dims(), false).unwrap();
            let packed = Weight::Packed(packed.numbers().reinterpret_cast());
            let [plainly, so_packed] =
                [plain, packed].map(|weight| forward_at(level, &geometry, &input, weight, &[]));
            assert_eq!(plainly, so_packed);
            // As a transposed convolution, its inputs are the outputs.
            let packed = pack_weight(&weight, geometry.weight_dims(), true).unwrap();
            let packed = Weight::Packed(packed.numbers().reinterpret_cast());
            let [plainly, so_packed] = [plain, packed]
                .map(|weight| input_gradient_at(level, &geometry, &gradient, weight, &[]));
            assert_eq!(plainly, so_packed);
        }
        assert!(pack_weight(&numbers(9 * 30, 1), [3, 10, 3, 3], false).is_none());
    }
}
