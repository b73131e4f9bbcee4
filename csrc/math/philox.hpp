// Counter-based random numbers and the integer exponential, in C++17: the core and the CUDA kernels
// share every line. A number is a pure function of (seed, purpose, slot, index), so order and
// thread count cannot matter.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define MGM_HD __host__ __device__
#else
#define MGM_HD
#endif

namespace mgm {

// What a number is drawn for: the third word of the counter. Never renumber; a mask's bits depend
// on it.
enum class Purpose : std::uint32_t {
  kRank = 0,    // order among tokens of equal rank; index = token in its slot
  kPeak = 1,    // order among equal peaks and path predecessors; index = token or window
  kJitter = 2,  // 0 row, 1 column
  kStart = 3,   // place of a box without motion; 0 row, 1 column
  kStep = 4,    // the walk's step into a slot; 0 row, 1 column
  kAspect = 5,
  kCell = 6,    // first pointer of the running cell
  kBlock = 7,   // slot = block; 0 scale, 1 aspect, 2 span, 3 slot, 4 row, 5 column
  kGumbel = 8,  // index = token in its slot
  kBump = 9,    // order of the tokens of the middle slot
};

struct PhiloxBlock {
  std::uint32_t words[4];
};

// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
MGM_HD inline PhiloxBlock philox4x32(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  std::uint32_t c0 = counter.words[0], c1 = counter.words[1];
  std::uint32_t c2 = counter.words[2], c3 = counter.words[3];
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53u} * c0;
    const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(second >> 32) ^ c1 ^ key0;
    c2 = static_cast<std::uint32_t>(first >> 32) ^ c3 ^ key1;
    c1 = static_cast<std::uint32_t>(second);
    c3 = static_cast<std::uint32_t>(first);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Words 4 * block to 4 * block + 3 of the stream (seed, purpose, slot). Always inlined: what
// callers hold constant is a third of its work, and clang would call it.
[[gnu::always_inline]] MGM_HD inline PhiloxBlock philox_block(std::uint64_t seed, Purpose purpose,
                                                              std::uint32_t slot,
                                                              std::uint32_t block) {
  return philox4x32({{block, slot, static_cast<std::uint32_t>(purpose), 0}},
                    static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

MGM_HD inline std::uint32_t philox_word(std::uint64_t seed, Purpose purpose, std::uint32_t slot,
                                        std::uint32_t index) {
  return philox_block(seed, purpose, slot, index / 4).words[index % 4];
}

// Uniform in [0, 2^24), in units of 2^-24.
MGM_HD inline std::uint32_t uniform24(std::uint32_t word) { return word >> 8; }

// Integer in [0, n).
MGM_HD inline std::uint32_t below(std::uint32_t word, std::uint32_t n) {
  return static_cast<std::uint32_t>((std::uint64_t{word} * n) >> 32);
}

// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), one step of the generator from
// `state`.
MGM_HD inline std::uint64_t split_mix64(std::uint64_t state) {
  std::uint64_t z = state + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// One seed per sample: a bijection in each argument, whatever rank or worker asks.
MGM_HD inline std::uint64_t seed_for(std::uint64_t base, std::uint64_t epoch, std::uint64_t index,
                                     std::uint64_t repeat) {
  return split_mix64(split_mix64(split_mix64(split_mix64(base) ^ epoch) ^ index) ^ repeat);
}

// Entry i of the only table: 2^(i / 256) in units of 2^-30, rounded to the nearest; i in [0, 256].
MGM_HD inline std::uint32_t exp2_entry(std::uint32_t i) {
  static constexpr std::uint32_t kTable[257] = {
      1073741824, 1076653033, 1079572136, 1082499153, 1085434106, 1088377016, 1091327906,
      1094286796, 1097253708, 1100228665, 1103211687, 1106202798, 1109202018, 1112209370,
      1115224875, 1118248556, 1121280436, 1124320536, 1127368878, 1130425485, 1133490379,
      1136563583, 1139645120, 1142735011, 1145833280, 1148939949, 1152055042, 1155178580,
      1158310587, 1161451085, 1164600099, 1167757650, 1170923762, 1174098458, 1177281762,
      1180473697, 1183674286, 1186883552, 1190101520, 1193328213, 1196563654, 1199807867,
      1203060876, 1206322705, 1209593378, 1212872918, 1216161350, 1219458698, 1222764986,
      1226080238, 1229404479, 1232737732, 1236080024, 1239431376, 1242791816, 1246161366,
      1249540052, 1252927899, 1256324931, 1259731174, 1263146652, 1266571390, 1270005413,
      1273448747, 1276901417, 1280363448, 1283834865, 1287315695, 1290805962, 1294305692,
      1297814910, 1301333643, 1304861917, 1308399756, 1311947188, 1315504238, 1319070932,
      1322647296, 1326233356, 1329829140, 1333434672, 1337049980, 1340675091, 1344310030,
      1347954824, 1351609500, 1355274085, 1358948606, 1362633090, 1366327563, 1370032052,
      1373746586, 1377471191, 1381205894, 1384950723, 1388705706, 1392470869, 1396246240,
      1400031848, 1403827719, 1407633882, 1411450365, 1415277195, 1419114401, 1422962010,
      1426820052, 1430688553, 1434567544, 1438457051, 1442357104, 1446267730, 1450188960,
      1454120821, 1458063343, 1462016553, 1465980482, 1469955159, 1473940611, 1477936870,
      1481943963, 1485961921, 1489990772, 1494030547, 1498081275, 1502142985, 1506215708,
      1510299473, 1514394310, 1518500250, 1522617322, 1526745556, 1530884983, 1535035634,
      1539197537, 1543370725, 1547555228, 1551751076, 1555958300, 1560176931, 1564406999,
      1568648537, 1572901575, 1577166143, 1581442275, 1585730000, 1590029350, 1594340357,
      1598663052, 1602997467, 1607343634, 1611701585, 1616071351, 1620452965, 1624846459,
      1629251865, 1633669214, 1638098541, 1642539877, 1646993254, 1651458706, 1655936265,
      1660425963, 1664927835, 1669441912, 1673968228, 1678506817, 1683057710, 1687620943,
      1692196547, 1696784557, 1701385007, 1705997930, 1710623359, 1715261330, 1719911875,
      1724575029, 1729250827, 1733939301, 1738640488, 1743354420, 1748081133, 1752820662,
      1757573041, 1762338305, 1767116489, 1771907628, 1776711757, 1781528911, 1786359126,
      1791202437, 1796058879, 1800928489, 1805811301, 1810707353, 1815616678, 1820539314,
      1825475297, 1830424663, 1835387448, 1840363688, 1845353420, 1850356681, 1855373507,
      1860403934, 1865448001, 1870505744, 1875577199, 1880662405, 1885761398, 1890874216,
      1896000896, 1901141476, 1906295993, 1911464486, 1916646992, 1921843549, 1927054196,
      1932278970, 1937517909, 1942771053, 1948038440, 1953320108, 1958616096, 1963926443,
      1969251188, 1974590370, 1979944027, 1985312200, 1990694927, 1996092249, 2001504204,
      2006930832, 2012372174, 2017828268, 2023299156, 2028784876, 2034285470, 2039800978,
      2045331439, 2050876895, 2056437387, 2062012954, 2067603638, 2073209480, 2078830522,
      2084466803, 2090118366, 2095785251, 2101467502, 2107165158, 2112878262, 2118606857,
      2124350982, 2130110682, 2135885998, 2141676973, 2147483648,
  };
  return kTable[i];
}

inline constexpr int kLogBits = 24;  // logarithms are in units of 2^-24
inline constexpr int kExpBits = 30;  // powers of two in units of 2^-30

// 2^-x in units of 2^-30, for x >= 0 in units of 2^-24; linear between the entries.
MGM_HD inline std::uint32_t exp2_negative(std::int64_t x) {
  const std::int64_t whole = (x + (std::int64_t{1} << kLogBits) - 1) >> kLogBits;
  if (whole > kExpBits) return 0;
  const auto rest = static_cast<std::uint32_t>((whole << kLogBits) - x);
  const std::uint32_t i = rest >> 16;
  const std::uint32_t low = exp2_entry(i);
  const std::uint64_t step = std::uint64_t{exp2_entry(i + (i < 256)) - low} * (rest & 0xFFFFu);
  return (low + static_cast<std::uint32_t>(step >> 16)) >> whole;
}

// log2(x) in units of 2^-24, for x >= 1: the same table read backwards.
MGM_HD inline std::int64_t log2_fixed(std::uint64_t x) {
  int exponent = 0;
  for (int step = 32; step > 0; step /= 2) {
    if ((x >> exponent) >> step != 0) exponent += step;
  }
  const auto m =
      static_cast<std::uint32_t>(exponent > 30 ? x >> (exponent - 30) : x << (30 - exponent));
  std::uint32_t i = 0;
  for (std::uint32_t step = 128; step > 0; step /= 2) {
    if (exp2_entry(i + step) <= m) i += step;
  }
  const std::uint32_t low = exp2_entry(i);
  const std::uint64_t part = (std::uint64_t{m - low} << 16) / (exp2_entry(i + 1) - low);
  return (std::int64_t{exponent} << kLogBits) + (std::int64_t{i} << 16) +
         static_cast<std::int64_t>(part);
}

// x in units of 2^-24 times ln 2.
MGM_HD inline std::int64_t times_ln2(std::int64_t x) { return (x * 2977044472LL) >> 32; }

// A standard Gumbel number from a word, in nats, units of 2^-24: -ln(-ln u) with u = (2 m + 1) /
// 2^25, m = uniform24.
MGM_HD inline std::int64_t gumbel(std::uint32_t word) {
  std::int64_t log_u =
      (std::int64_t{25} << kLogBits) - log2_fixed(2 * std::uint64_t{uniform24(word)} + 1);
  log_u = times_ln2(log_u);
  if (log_u < 1) log_u = 1;
  return times_ln2((std::int64_t{kLogBits} << kLogBits) -
                   log2_fixed(static_cast<std::uint64_t>(log_u)));
}

}  // namespace mgm
