//! The ways from the tiles of a picture through products to those of another.
#![expect(unsafe_code, reason = "threads write parts of one picture")]

use std::marker::PhantomData;

use pulp::Arch;

use super::halving::{
    HALF, LARGE, MIXED, ReadLarge, ReadLargeByThree, ReadSmall, ReadSmallByThree, SHARED,
    SHARED_BY_THREE, SHARED_POINT, SHARED_POINT_BY_THREE, SMALL, THREE, WriteLarge,
    WriteLargeByThree, WriteSmall, WriteSmallByThree,
};
use super::reader::Reader;
use super::segments::Segment;
use super::tiles::Planes;
use super::transform::{OUTPUTS, POINTS, ReadInput, WriteOutput};
use super::writer::{Products, Writer};
use crate::kernels::flex::disjoint_slices::DisjointSlices;

/// One of these ways.
pub(super) trait Scheme {
    /// Pixels of a tile of the target, in each direction.
    const OUTPUTS: usize;
    /// Points of a tile of the source, and products, in both directions.
    const POINTS: usize;
    const PRODUCTS: usize;
    /// Products of points and weights that are added to one.
    const TERMS: usize;

    /// The point of each term of a product.
    fn point(product: usize, term: usize) -> usize;

    /// Transforms the tiles of all channels of a picture to `points`, `[segments, POINTS, channels + 1, SEGMENT]`.
    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]);

    /// Transforms products to the tiles of their channels of a picture, and adds the bias.
    ///
    /// # Safety
    /// Nobody else reads or writes these tiles of these channels meanwhile.
    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    );
}

/// Three taps at stride 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filtering;

impl Scheme for Filtering {
    const OUTPUTS: usize = OUTPUTS;
    const POINTS: usize = POINTS * POINTS;
    const PRODUCTS: usize = POINTS * POINTS;
    const TERMS: usize = 1;

    fn point(product: usize, _term: usize) -> usize {
        product
    }

    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Reader::<ReadInput, OUTPUTS, POINTS, POINTS> {
            transform: PhantomData,
            segments,
            planes,
            picture,
            points,
        });
    }

    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    ) {
        // SAFETY: the caller's promise.
        let writer = unsafe {
            Writer::<WriteOutput, OUTPUTS, POINTS, OUTPUTS>::new(
                segments, planes, products, picture,
            )
        };
        Arch::new().dispatch(writer);
    }
}

/// Four taps at stride 2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halving;

impl Halving {
    /// Product and term of a point of the weights: those of both filters are added, in both directions.
    pub(super) fn place(point: usize) -> [usize; 2] {
        let (row, column) = (point / POINTS, point % POINTS);
        [
            row % HALF * HALF + column % HALF,
            row / HALF * 2 + column / HALF,
        ]
    }
}

impl Scheme for Halving {
    const OUTPUTS: usize = SMALL;
    const POINTS: usize = POINTS * POINTS;
    const PRODUCTS: usize = HALF * HALF;
    const TERMS: usize = 4;

    fn point(product: usize, term: usize) -> usize {
        let row = term / 2 * HALF + product / HALF;
        let column = term % 2 * HALF + product % HALF;
        row * POINTS + column
    }

    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Reader::<ReadLarge, LARGE, POINTS, POINTS> {
            transform: PhantomData,
            segments,
            planes,
            picture,
            points,
        });
    }

    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    ) {
        // SAFETY: the caller's promise.
        let writer = unsafe {
            Writer::<WriteSmall, LARGE, HALF, SMALL>::new(segments, planes, products, picture)
        };
        Arch::new().dispatch(writer);
    }
}

/// The input gradient of [`Halving`], with the taps in the opposite order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubling;

impl Scheme for Doubling {
    const OUTPUTS: usize = LARGE;
    const POINTS: usize = SHARED * SHARED;
    const PRODUCTS: usize = POINTS * POINTS;
    const TERMS: usize = 1;

    fn point(product: usize, _term: usize) -> usize {
        SHARED_POINT[product / POINTS] * SHARED + SHARED_POINT[product % POINTS]
    }

    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Reader::<ReadSmall, SMALL, LARGE, SHARED> {
            transform: PhantomData,
            segments,
            planes,
            picture,
            points,
        });
    }

    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    ) {
        // SAFETY: the caller's promise.
        let writer = unsafe {
            Writer::<WriteLarge, SMALL, POINTS, LARGE>::new(segments, planes, products, picture)
        };
        Arch::new().dispatch(writer);
    }
}

/// Three taps at stride 2.
#[derive(Debug, Clone, Copy)]
pub(super) struct HalvingByThree;

impl Scheme for HalvingByThree {
    const OUTPUTS: usize = SMALL;
    const POINTS: usize = MIXED * MIXED;
    const PRODUCTS: usize = MIXED * MIXED;
    const TERMS: usize = 1;

    fn point(product: usize, _term: usize) -> usize {
        product
    }

    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Reader::<ReadLargeByThree, LARGE, MIXED, MIXED> {
            transform: PhantomData,
            segments,
            planes,
            picture,
            points,
        });
    }

    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    ) {
        // SAFETY: the caller's promise.
        let writer = unsafe {
            Writer::<WriteSmallByThree, LARGE, MIXED, SMALL>::new(
                segments, planes, products, picture,
            )
        };
        Arch::new().dispatch(writer);
    }
}

/// The input gradient of [`HalvingByThree`], with the taps in the opposite order.
#[derive(Debug, Clone, Copy)]
pub(super) struct DoublingByThree;

impl Scheme for DoublingByThree {
    const OUTPUTS: usize = LARGE;
    const POINTS: usize = SHARED_BY_THREE * SHARED_BY_THREE;
    const PRODUCTS: usize = MIXED * MIXED;
    const TERMS: usize = 1;

    fn point(product: usize, _term: usize) -> usize {
        let point = |index: usize| SHARED_POINT_BY_THREE[index];
        point(product / MIXED) * SHARED_BY_THREE + point(product % MIXED)
    }

    fn read(segments: &[Segment], planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Reader::<ReadSmallByThree, SMALL, THREE, SHARED_BY_THREE> {
            transform: PhantomData,
            segments,
            planes,
            picture,
            points,
        });
    }

    unsafe fn write(
        segments: &[Segment],
        planes: &Planes,
        products: &Products<'_>,
        picture: DisjointSlices<'_>,
    ) {
        // SAFETY: the caller's promise.
        let writer = unsafe {
            Writer::<WriteLargeByThree, SMALL, MIXED, LARGE>::new(
                segments, planes, products, picture,
            )
        };
        Arch::new().dispatch(writer);
    }
}
