// Declares gloo::transport::Device.
#pragma once

#include <gloo/context.h>
