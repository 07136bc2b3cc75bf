// What LibTorch's header of the process group names of Gloo, whose own headers LibTorch does not bring. Objects of these
// classes are made and used inside LibTorch alone; here only pointers to them are passed on.
#pragma once

#include <chrono>

namespace gloo {

namespace transport {
class Device;
class UnboundBuffer;
}  // namespace transport

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
