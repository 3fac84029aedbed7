// Where a story is played: an application, two peers, and a name server, made anew for each run, of which at
// most one allocation or system call fails. Stories are written as if all went well; what may differ when
// something failed is judged here.
#pragma once
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/support/world.hpp"
#include "wire/torture/sys_faults.hpp"

namespace hiper::wire {

class Stage {
 public:
  enum class Failing { nothing, memory, system };

  explicit Stage(Failing what) : failing(what) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  App& app() { return world.app(); }
  CURLM* multi() { return world.app().multi(); }

  // What stories do. Each says whether the story can go on.
  /// Adds the handle; false when there was no memory for that.
  bool add(Handle& handle);
  /// Rounds until `reached`, a bounded number.
  void run(const std::function<bool()>& reached, const char* what = "what the story waits for");
  /// Runs a handle that was added to its end, judges its result and removes it. True when it is as expected.
  bool finish(Handle& handle, std::string_view body = "ok", CURLcode expected = CURLE_OK);
  /// add() and finish().
  bool transfer(Handle& handle, std::string_view body = "ok", CURLcode expected = CURLE_OK);
  /// A transfer by curl_easy_perform, the peers working while it waits.
  bool perform(CURL* easy, Handle& results, std::string_view body = "ok");
  /// Right, or a plausible consequence of the failure. True when right.
  bool judge(CURLcode code, CURLcode expected);
  /// The same for a call on the multi handle.
  bool judge(CURLMcode code);
  /// Some step could not be made, for lack of memory.
  bool give_up() {
    complete = false;
    return false;
  }
  /// A time limit for transfers that may lose a packet: so short that a run with a failure does not take
  /// long, and out of the way of one without.
  long patience_ms() const { return failing == Failing::nothing || harmless ? 30000 : 150; }

  World world;
  Peer peer{world};
  Peer other{world};
  Failing failing;
  bool harmless = false;             ///< the failure must not be felt
  bool complete = true;              ///< all went as if nothing failed
  std::vector<CURLcode> also_right;  ///< what else a failure may lead to in this story
};

struct Story {
  const char* name;
  void (*play)(Stage& stage);
  bool asks_names = false;  ///< of a name server
};
/// How GoogleTest shows it.
inline void PrintTo(const Story& story, std::ostream* out) { *out << story.name; }

std::span<const Story> plain_stories();
std::span<const Story> body_stories();
std::span<const Story> secure_stories();
std::span<const Story> connection_stories();
std::span<const Story> interface_stories();

/// Whether `code` can follow from a failure of `call`.
bool is_plausible(SysCall call, CURLcode code);

}  // namespace hiper::wire
