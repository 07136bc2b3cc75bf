// A group of processes that compute together: c10d with Gloo, the engine of PyTorch's own distributed training on processors.
// Each function returns null, or what went wrong: text that stays valid until the next failure in the same thread.
//
// The headers of Gloo, which LibTorch does not bring, are replaced by the few declarations in `gloo/`. They fit this version
// alone.

#include <torch/csrc/api/include/torch/version.h>

#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR != 9
#error "the group of processes is written for LibTorch 2.9: run scripts/libtorch.sh, which installs it"
#endif

#include <ATen/ATen.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" struct TranslateGroupOptions {
  int32_t rank;
  int32_t size;
  // Where the store is, which introduces the processes to each other.
  const char* store_address;
  uint16_t store_port;
  // Whether this process serves it.
  bool serves_store;
  // What its keys begin with.
  const char* prefix;
  // Network interface of this process, or null; else its own address.
  const char* interface;
  const char* address;
  int64_t timeout_ms;
};

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

// The engine tells of connections on standard output, where results belong, and prints stack traces for errors that are
// reported here.
void silence() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::cout.setstate(std::ios::failbit);
    setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
    c10::initLogging();
  });
}

std::shared_ptr<gloo::transport::Device> device(const char* interface, const char* address) {
  if (interface != nullptr) {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  }
  return c10d::ProcessGroupGloo::createDeviceForHostname(address);
}

// Waits for all processes, and names the first that does not come.
void introduce(c10d::Store& store, const TranslateGroupOptions& options) {
  const auto key = [](int rank) { return "present/" + std::to_string(rank); };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.timeout_ms);
  store.set(key(options.rank), std::vector<uint8_t>{1});
  for (int rank = 0; rank < options.size; ++rank) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    try {
      store.wait({key(rank)}, std::max(left, std::chrono::milliseconds(1)));
    } catch (const std::exception&) {
      throw std::runtime_error(
          "process " + std::to_string(rank) + " of " + std::to_string(options.size) + " has not come within " +
          std::to_string(options.timeout_ms / 1000) + " s");
    }
  }
}

at::Tensor wrapped(void* values, int64_t count, at::ScalarType type) {
  return at::from_blob(values, {count}, at::TensorOptions().dtype(type));
}

}  // namespace

extern "C" {

struct TranslateGroup {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> engine;
};

// Waits until all processes are there.
const char* translate_group_join(const TranslateGroupOptions* options, TranslateGroup** group) {
  return guarded([&] {
    silence();
    const std::chrono::milliseconds timeout(options->timeout_ms);
    c10d::TCPStoreOptions settings;
    settings.port = options->store_port;
    settings.isServer = options->serves_store;
    settings.numWorkers = options->size;
    settings.timeout = timeout;
    settings.multiTenant = true;
    // Where the store is another program's, it is not told when this one has come.
    settings.waitWorkers = false;
    const auto server = c10::make_intrusive<c10d::TCPStore>(options->store_address, settings);
    const auto store = c10::make_intrusive<c10d::PrefixStore>(options->prefix, server);
    introduce(*store, *options);
    const auto engine = c10d::ProcessGroupGloo::Options::create(timeout);
    engine->devices.push_back(device(options->interface, options->address));
    engine->threads = 1;
    *group = new TranslateGroup{
        store, c10::make_intrusive<c10d::ProcessGroupGloo>(store, options->rank, options->size, engine)};
  });
}

// Takes over the group and ends its connections.
void translate_group_leave(TranslateGroup* group) {
  delete group;
}

// Replaces the numbers by their sums over all processes.
const char* translate_group_sum(TranslateGroup* group, float* values, int64_t count, int64_t timeout_ms) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{wrapped(values, count, at::kFloat)};
    c10d::AllreduceOptions options;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    group->engine->allreduce(tensors, options)->wait();
  });
}

// Replaces the bytes by those of process `root`.
const char* translate_group_broadcast(
    TranslateGroup* group, uint8_t* bytes, int64_t count, int32_t root, int64_t timeout_ms) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{wrapped(bytes, count, at::kByte)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    group->engine->broadcast(tensors, options)->wait();
  });
}

// Collects `count` bytes of each process in all of them, in order of rank.
const char* translate_group_collect(
    TranslateGroup* group, uint8_t* own, uint8_t* all, int64_t count, int64_t timeout_ms) {
  return guarded([&] {
    std::vector<at::Tensor> inputs{wrapped(own, count, at::kByte)};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int process = 0; process < group->engine->getSize(); ++process) {
      outputs[0].push_back(wrapped(all + process * count, count, at::kByte));
    }
    c10d::AllgatherOptions options;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    group->engine->allgather(outputs, inputs, options)->wait();
  });
}

// Sends bytes to another process, or receives them from it.
const char* translate_group_send(
    TranslateGroup* group, uint8_t* bytes, int64_t count, int32_t receiver, int64_t timeout_ms) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{wrapped(bytes, count, at::kByte)};
    group->engine->send(tensors, receiver, 0)->wait(std::chrono::milliseconds(timeout_ms));
  });
}

const char* translate_group_receive(
    TranslateGroup* group, uint8_t* bytes, int64_t count, int32_t sender, int64_t timeout_ms) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{wrapped(bytes, count, at::kByte)};
    group->engine->recv(tensors, sender, 0)->wait(std::chrono::milliseconds(timeout_ms));
  });
}

}  // extern "C"
