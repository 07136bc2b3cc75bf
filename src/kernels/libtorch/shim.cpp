// Operations of LibTorch that the bindings do not offer. Each function returns null, or what went wrong: text that stays
// valid until the next failure in the same thread. Results are tensors that the caller owns.

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <array>
#include <exception>
#include <string>

namespace {

thread_local std::string problem;

template <typename Work>
const char* guarded(Work work) {
  try {
    work();
    return nullptr;
  } catch (const c10::Error& error) {
    problem = error.what_without_backtrace();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  return problem.c_str();
}

at::Tensor* owned(at::Tensor tensor) {
  return tensor.defined() ? new at::Tensor(std::move(tensor)) : nullptr;
}

// A tensor of this shape whose elements nobody reads: LibTorch only wants to know the shape.
at::Tensor placeholder(const at::Tensor& like, const int64_t* dims) {
  return like.new_empty({1}).expand(at::IntArrayRef(dims, 4));
}

}  // namespace

extern "C" {

struct TranslateConvolution {
  int64_t input_dims[4];
  int64_t weight_dims[4];
  int64_t stride;
  int64_t padding;
  int64_t output_padding;
  bool transposed;
  bool bias;
};

// Gradients of a convolution with respect to input, weight and bias. `input` is null where the weight's gradient is not
// asked for, `weight` where the input's is not.
const char* translate_convolution_gradients(
    const at::Tensor* gradient,
    const at::Tensor* input,
    const at::Tensor* weight,
    const TranslateConvolution* shape,
    at::Tensor** outputs) {
  return guarded([&] {
    const int64_t outputs_dim = shape->weight_dims[shape->transposed ? 1 : 0];
    const std::array<int64_t, 2> stride{shape->stride, shape->stride};
    const std::array<int64_t, 2> padding{shape->padding, shape->padding};
    const std::array<int64_t, 2> output_padding{shape->output_padding, shape->output_padding};
    const std::array<int64_t, 2> dilation{1, 1};
    const std::array<int64_t, 1> bias_sizes{outputs_dim};
    auto gradients = at::convolution_backward(
        *gradient,
        input ? *input : placeholder(*gradient, shape->input_dims),
        weight ? *weight : placeholder(*gradient, shape->weight_dims),
        at::OptionalIntArrayRef(bias_sizes),
        stride,
        padding,
        dilation,
        shape->transposed,
        output_padding,
        1,
        {weight != nullptr, input != nullptr, shape->bias});
    outputs[0] = owned(std::get<0>(gradients));
    outputs[1] = owned(std::get<1>(gradients));
    outputs[2] = owned(std::get<2>(gradients));
  });
}

// The tensor in bfloat16; of four dimensions with the channels last in memory.
const char* translate_to_bfloat16(const at::Tensor* tensor, at::Tensor** outputs) {
  return guarded([&] {
    const auto format = tensor->dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    outputs[0] = owned(tensor->to(at::kBFloat16, false, false, format));
  });
}

// The tensor in 32 bits with its elements in order.
const char* translate_to_float(const at::Tensor* tensor, at::Tensor** outputs) {
  return guarded([&] {
    outputs[0] = owned(tensor->to(at::kFloat, false, false, at::MemoryFormat::Contiguous));
  });
}

// The leaky ReLU; in place it has no result.
const char* translate_leaky_relu(const at::Tensor* input, double slope, bool in_place, at::Tensor** outputs) {
  return guarded([&] {
    if (in_place) {
      at::leaky_relu_(const_cast<at::Tensor&>(*input), slope);
    } else {
      outputs[0] = owned(at::leaky_relu(*input, slope));
    }
  });
}

// Gradient of a padding by reflection with respect to its input.
const char* translate_reflection_gradient(const at::Tensor* gradient, int64_t width, at::Tensor** outputs) {
  return guarded([&] {
    // Of the input only shape and type are looked at.
    const auto inner = gradient->slice(2, width, -width).slice(3, width, -width);
    outputs[0] = owned(at::reflection_pad2d_backward(*gradient, inner, {width, width, width, width}));
  });
}

// Gradients of a batch normalisation with respect to input, scale and shift, in the layout of the input. `scale` is null
// where there is none; then the last two are not calculated.
const char* translate_batch_norm_gradients(
    const at::Tensor* gradient,
    const at::Tensor* input,
    const at::Tensor* scale,
    const at::Tensor* mean,
    const at::Tensor* inverse_deviation,
    double epsilon,
    at::Tensor** outputs) {
  return guarded([&] {
    const auto format = input->suggest_memory_format();
    auto gradients = at::native_batch_norm_backward(
        gradient->to(input->scalar_type()).contiguous(format),
        input->contiguous(format),
        scale ? std::optional<at::Tensor>(*scale) : std::nullopt,
        {},
        {},
        *mean,
        *inverse_deviation,
        true,
        epsilon,
        {true, scale != nullptr, scale != nullptr});
    outputs[0] = owned(std::get<0>(gradients));
    outputs[1] = owned(std::get<1>(gradients));
    outputs[2] = owned(std::get<2>(gradients));
  });
}

// One Adam step in place.
const char* translate_adam(
    const at::Tensor* parameter,
    const at::Tensor* gradient,
    const at::Tensor* first,
    const at::Tensor* second,
    double learning_rate,
    double beta1,
    double beta2,
    double epsilon,
    double time) {
  return guarded([&] {
    const at::Tensor steps = at::full({}, time, parameter->options());
    at::_fused_adam_(
        {*parameter},
        {gradient->to(parameter->scalar_type())},
        {*first},
        {*second},
        {},
        {steps},
        learning_rate,
        beta1,
        beta2,
        0.0,
        epsilon,
        false,
        false);
  });
}

// A tensor of 32-bit numbers in memory that belongs to `owner`, which `release` gives back.
const char* translate_borrowed(
    void* numbers,
    const int64_t* dims,
    int64_t rank,
    void* owner,
    void (*release)(void*),
    at::Tensor** outputs) {
  return guarded([&] {
    const at::IntArrayRef shape(dims, rank);
    outputs[0] = owned(at::from_blob(numbers, shape, [owner, release](void*) { release(owner); }, at::kFloat));
  });
}

// Calls `work` with stretches of the numbers below `count` on all threads that compute.
const char* translate_for_each(int64_t count, void (*work)(const void*, int64_t, int64_t), const void* context) {
  return guarded([&] {
    at::parallel_for(0, count, 1, [&](int64_t start, int64_t end) { work(context, start, end); });
  });
}

// Takes numbers too small for full precision as zero, on this thread and on the threads that compute for it.
void translate_flush_denormals() {
  at::globalContext().setFlushDenormal(true);
  at::parallel_for(0, at::get_num_threads(), 1, [](int64_t, int64_t) { at::globalContext().setFlushDenormal(true); });
}

}  // extern "C"
