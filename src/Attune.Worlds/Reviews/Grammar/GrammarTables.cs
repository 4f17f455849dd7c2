using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>All productions, by the symbol they write.</summary>
internal sealed class GrammarTables
{
    /// <summary>The noun is chosen before its sentence, the film before its review: these names stand for what was chosen.</summary>
    public static readonly ImmutableHashSet<string> Bound = ["noun", "film", "review"];

    private static readonly string[] Files = ["nouns", "adjectives", "phrases", "films", "structure", "documents"];
    private static readonly Lazy<GrammarTables> Embedded = new(Load);

    private readonly FrozenDictionary<string, ImmutableArray<Production>> _bySymbol;

    private GrammarTables(IEnumerable<Production> productions)
    {
        _bySymbol = productions.GroupBy(p => p.Symbol).ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray());
        foreach (var (production, reference) in All.SelectMany(p => p.Parts.OfType<Part.Reference>(), (p, r) => (p, r)))
        {
            if (!_bySymbol.ContainsKey(reference.Table) && !Bound.Contains(reference.Table))
            {
                throw new FormatException($"A production of '{production.Symbol}' uses the table '{reference.Table}', which is not there.");
            }
        }
    }

    public static GrammarTables Default => Embedded.Value;

    public IEnumerable<Production> All => _bySymbol.Values.SelectMany(p => p);

    public ImmutableArray<Production> this[string symbol] => _bySymbol[symbol];

    /// <summary>The productions of a symbol that its context allows; never none, or the tables have a gap.</summary>
    public IReadOnlyList<Production> Allowed(string symbol, in GrammarContext context)
    {
        var allowed = new List<Production>();
        foreach (var production in _bySymbol[symbol])
        {
            if (production.Guard.Accepts(context))
            {
                allowed.Add(production);
            }
        }

        return allowed.Count > 0 ? allowed : throw new InvalidOperationException($"Nothing in '{symbol}' fits {context}.");
    }

    private static GrammarTables Load()
    {
        var assembly = typeof(GrammarTables).Assembly;
        return new GrammarTables(
            Files.SelectMany(file =>
            {
                using var stream = assembly.GetManifestResourceStream($"reviews/{file}")!;
                using var reader = new StreamReader(stream);
                return GrammarParser.Parse(file, reader.ReadToEnd()).ToArray();
            })
        );
    }
}
