using System.Text;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>
/// The state of BPE training: words as token lists, pair counts kept up to date merge by merge, and a queue of pairs whose stale
/// entries are put right when they surface. Only the words that hold a merged pair are looked at.
/// </summary>
internal sealed class PairMerger
{
    private readonly List<byte[]> _tokens = [];
    private readonly Dictionary<string, int> _idBySpelling = new(StringComparer.Ordinal);
    private readonly List<(int Left, int Right)> _merges = [];
    private readonly List<int[]> _words = [];
    private readonly List<long> _wordCounts = [];
    private readonly Dictionary<(int Left, int Right), long> _counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _where = [];
    private readonly PriorityQueue<(int Left, int Right), (long Count, int Left, int Right)> _queue;

    public PairMerger(Dictionary<string, long> wordCounts)
    {
        _queue = new(Comparer<(long Count, int Left, int Right)>.Create(MostFrequentThenGreatest));
        var idOfByte = new int[256];
        foreach (var value in ByteLetters.InVocabularyOrder)
        {
            idOfByte[value] = AddToken([value]);
        }

        foreach (var (word, count) in wordCounts)
        {
            _words.Add([.. Encoding.UTF8.GetBytes(word).Select(b => idOfByte[b])]);
            _wordCounts.Add(count);
            CountPairs(_words.Count - 1, +1);
        }

        foreach (var (pair, count) in _counts)
        {
            _queue.Enqueue(pair, (count, pair.Left, pair.Right));
        }
    }

    /// <summary>The bytes of each token, the 256 single bytes first.</summary>
    public IReadOnlyList<byte[]> Tokens => _tokens;
    public int TokenCount => _tokens.Count;
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <summary>Makes the most frequent pair a token; false where no pair is left.</summary>
    public bool MergeNext()
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            var count = _counts.GetValueOrDefault(pair);
            if (count == priority.Count && count > 0)
            {
                Merge(pair);
                return true;
            }

            // Counts that fell since the entry was made: ask again at the present count. Those that rose have a newer entry.
            if (count > 0 && count < priority.Count)
            {
                _queue.Enqueue(pair, (count, pair.Left, pair.Right));
            }
        }

        return false;
    }

    private void Merge((int Left, int Right) pair)
    {
        var merged = AddToken([.. _tokens[pair.Left], .. _tokens[pair.Right]]);
        _merges.Add(pair);
        var risen = new HashSet<(int Left, int Right)>();
        foreach (var word in _where[pair].ToArray())
        {
            CountPairs(word, -1);
            _words[word] = Replace(_words[word], pair, merged);
            CountPairs(word, +1);
            var tokens = _words[word];
            for (var i = 0; i + 1 < tokens.Length; i++)
            {
                if (tokens[i] == merged || tokens[i + 1] == merged)
                {
                    risen.Add((tokens[i], tokens[i + 1]));
                }
            }
        }

        foreach (var (left, right) in risen)
        {
            _queue.Enqueue((left, right), (_counts[(left, right)], left, right));
        }
    }

    private void CountPairs(int word, int sign)
    {
        var tokens = _words[word];
        var weight = sign * _wordCounts[word];
        for (var i = 0; i + 1 < tokens.Length; i++)
        {
            var pair = (tokens[i], tokens[i + 1]);
            var count = _counts.GetValueOrDefault(pair) + weight;
            if (count == 0)
            {
                _counts.Remove(pair);
            }
            else
            {
                _counts[pair] = count;
            }
            Note(pair, word, sign);
        }
    }

    private void Note((int, int) pair, int word, int sign)
    {
        if (!_where.TryGetValue(pair, out var words))
        {
            _where[pair] = words = [];
        }
        if (sign > 0)
        {
            words.Add(word);
        }
        else if (words.Remove(word) && words.Count == 0)
        {
            _where.Remove(pair);
        }
    }

    private static int[] Replace(int[] tokens, (int Left, int Right) pair, int merged)
    {
        var result = new List<int>(tokens.Length);
        for (var i = 0; i < tokens.Length; i++)
        {
            var here = i + 1 < tokens.Length && tokens[i] == pair.Left && tokens[i + 1] == pair.Right;
            result.Add(here ? merged : tokens[i]);
            i += here ? 1 : 0;
        }

        return [.. result];
    }

    /// <summary>Two roads to one spelling (aa+a, a+aa) give one token.</summary>
    private int AddToken(byte[] bytes)
    {
        var spelling = ByteLetters.Spell(bytes);
        if (_idBySpelling.TryGetValue(spelling, out var known))
        {
            return known;
        }
        _tokens.Add(bytes);
        return _idBySpelling[spelling] = _tokens.Count - 1;
    }

    private int MostFrequentThenGreatest((long Count, int Left, int Right) a, (long Count, int Left, int Right) b)
    {
        if (a.Count != b.Count)
        {
            return b.Count.CompareTo(a.Count);
        }
        var left = _tokens[b.Left].AsSpan().SequenceCompareTo(_tokens[a.Left]);
        return left != 0 ? left : _tokens[b.Right].AsSpan().SequenceCompareTo(_tokens[a.Right]);
    }
}
