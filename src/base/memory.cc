#include "base/memory.hpp"

#include <cstdlib>
#include <cstring>

namespace hiper {

MemoryFunctions memory_functions{std::malloc, std::free, std::realloc, ::strdup, std::calloc};

char* duplicate(std::string_view text) noexcept {
  char* const copy = static_cast<char*>(allocate(text.size() + 1));
  if (copy == nullptr) return nullptr;
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

}  // namespace hiper
