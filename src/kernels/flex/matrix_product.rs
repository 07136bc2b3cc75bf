//! Products of matrices of `f32`.

use gemm::Parallelism;

use super::disjoint_slices::Block;

/// A matrix to read: `rows` by `columns` elements of `values`, `column_stride` apart in a row, rows `row_stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix stored row after row, each row `stride` elements after the one before.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(rows > 0 && columns > 0);
        assert!((rows - 1) * stride + columns <= values.len());
        Self {
            values,
            rows,
            columns,
            row_stride: stride,
            column_stride: 1,
        }
    }

    /// Exchanges rows and columns without moving elements.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Writes `left * right` to `product`, or adds it if `accumulate` is set, on the calling thread.
///
/// # Safety
/// Nobody else reads or writes the elements of `product` meanwhile.
#[expect(
    unsafe_code,
    reason = "the matrix product of the gemm crate takes pointers"
)]
pub(super) unsafe fn multiply(
    left: Matrix<'_>,
    right: Matrix<'_>,
    product: &Block<'_>,
    accumulate: bool,
) {
    assert_eq!(left.columns, right.rows);
    assert_eq!((left.rows, right.columns), (product.rows, product.columns));
    // SAFETY: `Matrix::new` and `DisjointSlices::block` checked that all elements lie inside their buffers, and the sizes agree;
    // the caller promises that the elements of the product are its own.
    unsafe {
        gemm::gemm(
            product.rows,
            product.columns,
            left.columns,
            product.start,
            1,
            product.stride as isize,
            accumulate,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            if accumulate { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
