// The system's hosts file (hosts(5)), so that its names are answered at once. HostsTable parses text and does
// no I/O; HostsFile reads the file again when it was changed. Used by Resolver.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "dns/address.hpp"
#include "dns/file_stamp.hpp"

namespace hiper {

/// An index over the text of a hosts file: 16 bytes per name, lookups by binary search over hashes, so that
/// block lists with a million names stay cheap.
class HostsTable {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;  ///< what is beyond is ignored
  static constexpr std::size_t kMaxAddresses = 256;                ///< per answer

  /// Replaces the contents. Any bytes are accepted; lines that make no sense have no effect. Throws
  /// std::bad_alloc; then the table is as before.
  void assign(std::string text);
  /// The addresses of all lines that name `host`, in the file's order. Throws std::bad_alloc.
  AddressList find(std::string_view host, int family) const;
  std::size_t num_names() const noexcept { return names_.size(); }

 private:
  struct Name {
    std::uint32_t hash;
    std::uint32_t at;    ///< where the name starts
    std::uint32_t line;  ///< where its line starts
    std::uint32_t size;
  };
  std::string text_;
  std::vector<Name> names_;  ///< by hash, then by position
};

class HostsFile {
 public:
  explicit HostsFile(std::string path) noexcept : path_(std::move(path)) {}
  /// Looks at most once a second whether the file was changed. Throws std::bad_alloc.
  AddressList find(std::string_view host, int family, Nanos now);

 private:
  std::string path_;
  FileStamp stamp_;
  HostsTable table_;
};

}  // namespace hiper
