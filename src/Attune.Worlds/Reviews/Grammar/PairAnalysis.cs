using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>The words an expansion can begin and end with, and whether it can be empty.</summary>
internal sealed record Edges(HashSet<string> First, HashSet<string> Last, bool Empty);

/// <summary>Finds all pairs of neighbouring words that a grammar can write.</summary>
internal sealed class PairAnalysis(GrammarTables tables)
{
    private static readonly HashSet<string> None = [];
    private static readonly Edges IndefiniteArticle = new(["a", "an"], [Spelling.Article], false);

    private readonly FeatureClosure _features = new(tables);
    private readonly HashSet<(string, string)> _pairs = [];
    private readonly Dictionary<string, Edges> _words = [];
    private readonly Dictionary<(string, GrammarContext), Edges> _symbols = [];
    private readonly Dictionary<(string, GrammarContext), Edges> _elsewhere = [];
    private readonly Dictionary<(Production, GrammarContext), Edges> _productions = [];
    private readonly HashSet<(HashSet<string>, HashSet<string>)> _joined = [];

    private readonly (Aspect, Number)[] _subjects =
    [
        .. tables["noun"].Select(p => ((Aspect)Bit(p.Guard.Aspects), (Number)Bit(p.Guard.Numbers))).Distinct(),
    ];

    public WordPairs Run(IEnumerable<string> roots)
    {
        var ends = new HashSet<string> { ".", "!", "?" };
        var comma = new HashSet<string> { "," };
        foreach (var edges in EdgesOf("turn"))
        {
            Join(ends, edges.First);
            Join(edges.Last, comma);
        }

        foreach (var edges in roots.SelectMany(EdgesOf))
        {
            Join(ends, edges.First);
            Join(comma, edges.First);
        }

        return new WordPairs(_pairs);
    }

    private IEnumerable<Edges> EdgesOf(string root) =>
        from production in tables[root]
        from context in Contexts(_features.Of(production))
        where production.Guard.Accepts(context)
        select Of(production, context);

    private Edges Of(string symbol, GrammarContext context)
    {
        if (symbol is "film")
        {
            symbol = "title";
        }
        var key = (symbol, _features.Mask(context, _features.Of(symbol)));
        if (!_symbols.TryGetValue(key, out var edges))
        {
            edges = Union(tables[symbol].Where(p => p.Guard.Accepts(context)).Select(p => Of(p, context)));
            _symbols[key] = edges;
        }

        return edges;
    }

    private Edges Of(Production production, GrammarContext context)
    {
        var key = (production, _features.Mask(context, _features.Of(production)));
        if (!_productions.TryGetValue(key, out var edges))
        {
            _productions[key] = edges = Chain(production.Parts.SelectMany(part => Of(part, context)));
        }
        return edges;
    }

    private IEnumerable<Edges> Of(Part part, GrammarContext context) =>
        part switch
        {
            Part.Word word => [Single(word.Text.ToLowerInvariant())],
            Part.Article => [IndefiniteArticle],
            Part.Agreement agreement => (context.Number is Number.Many ? agreement.Many : agreement.One).Select(Single),
            Part.Reference { Shift: Shift.None or Shift.Opposite or Shift.Good } here => [Of(here.Table, Judged(here, context))],
            Part.Reference there => [Elsewhere(there.Table, Judged(there, context))],
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>The edges over all nouns: which one the second noun of a sentence will be is not known.</summary>
    private Edges Elsewhere(string symbol, GrammarContext context)
    {
        var key = (symbol, context with { Aspect = default, Number = default });
        if (!_elsewhere.TryGetValue(key, out var edges))
        {
            _elsewhere[key] = edges = Union(_subjects.Select(s => Of(symbol, context with { Aspect = s.Item1, Number = s.Item2 })));
        }
        return edges;
    }

    private Edges Chain(IEnumerable<Edges> pieces)
    {
        var (first, last, empty) = (None, None, true);
        foreach (var piece in pieces)
        {
            Join(last, piece.First);
            // Most pieces are words: their sets are shared, so that a pair already seen costs one look-up.
            first =
                !empty ? first
                : first.Count == 0 ? piece.First
                : [.. first, .. piece.First];
            last = piece.Empty ? [.. last, .. piece.Last] : piece.Last;
            empty &= piece.Empty;
        }

        return new Edges(first, last, empty);
    }

    private void Join(HashSet<string> before, HashSet<string> after)
    {
        if (before.Count == 0 || !_joined.Add((before, after)))
        {
            return;
        }
        foreach (var left in before)
        {
            foreach (var right in after)
            {
                _pairs.Add((left == Spelling.Article ? Spelling.ArticleFor(right) : left, right));
            }
        }
    }

    /// <summary>Every context that differs in the given features; the others stay at their defaults.</summary>
    private IEnumerable<GrammarContext> Contexts(Features features)
    {
        var subjects = _subjects
            .Select(s => (features.HasFlag(Features.Aspect) ? s.Item1 : default, features.HasFlag(Features.Number) ? s.Item2 : default))
            .Distinct()
            .ToArray();
        var contexts =
            from style in features.HasFlag(Features.Style) ? Enum.GetValues<Style>() : [default]
            from valence in features.HasFlag(Features.Valence) ? Enumerable.Range(-2, 5) : [0]
            from genre in features.HasFlag(Features.Genre) ? Enum.GetValues<Genre>() : [default]
            from subject in subjects
            select new GrammarContext(style, valence, subject.Item1, subject.Item2, genre);
        return contexts;
    }

    private static GrammarContext Judged(Part.Reference reference, GrammarContext context) =>
        context with
        {
            Valence = SentenceWriter.Shifted(reference.Shift, context.Valence),
        };

    private Edges Single(string word)
    {
        if (!_words.TryGetValue(word, out var edges))
        {
            HashSet<string> set = [word];
            _words[word] = edges = new Edges(set, set, false);
        }

        return edges;
    }

    private static Edges Union(IEnumerable<Edges> edges)
    {
        var (first, last, empty) = (new HashSet<string>(), new HashSet<string>(), false);
        foreach (var each in edges)
        {
            first.UnionWith(each.First);
            last.UnionWith(each.Last);
            empty |= each.Empty;
        }

        return new Edges(first, last, empty);
    }

    private static int Bit(int mask) => System.Numerics.BitOperations.TrailingZeroCount(mask);
}
