// Nothing of this header of Gloo is used by that of the process group.
#pragma once
