using Attune.Core.Runs;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>
/// Writes the sentences of one review. It remembers the productions it used and takes others while there are any, so
/// that a review does not repeat itself.
/// </summary>
internal sealed class SentenceWriter(GrammarTables tables, Rng rng, Film film, Style style, string review = "")
{
    private readonly HashSet<Production> _used = [];

    /// <summary>Words of judgement used: several tables may hold the same adjective.</summary>
    private readonly HashSet<string> _judgements = [];
    private bool _filmNamed;

    private readonly Queue<int> _aspects = new(rng.Permutation(Enum.GetValues<Aspect>().Length));

    /// <summary>The aspects of nouns written so far, in order.</summary>
    public List<Aspect> Named { get; } = [];

    /// <summary>The next noun to write about; aspects come in a random order and do not return before all have been.</summary>
    public Subject NextSubject(int valence)
    {
        var aspect = (Aspect)_aspects.Dequeue();
        _aspects.Enqueue((int)aspect);
        var context = new GrammarContext(style, valence, aspect, Number.One, film.Genre);
        var nouns = tables["noun"].Where(p => p.Guard.Accepts(context with { Number = NumberOf(p) }) && !_used.Contains(p)).ToArray();
        nouns = nouns.Length > 0 ? nouns : [.. tables["noun"].Where(p => p.Guard.Aspects == 1 << (int)aspect)];
        var noun = nouns[rng.NextInt(nouns.Length)];
        _used.Add(noun);
        return new Subject(context with { Number = NumberOf(noun) }, [.. noun.Parts.Cast<Part.Word>().Select(w => w.Text)]);
    }

    /// <summary>Words and punctuation of one unit: a sentence, or two that belong together.</summary>
    public List<string> Write(string symbol, Subject main)
    {
        var unit = new Unit();
        Expand(unit, symbol, main);
        return unit.Tokens;
    }

    private void Expand(Unit unit, string table, Subject subject)
    {
        switch (table)
        {
            case "noun":
                unit.Tokens.AddRange(subject.Noun);
                Named.Add(subject.Context.Aspect);
                break;
            case "film":
                unit.Tokens.Add(film.Title);
                _filmNamed = true;
                break;
            case "review":
                unit.Tokens.Add(review);
                break;
            default:
                foreach (var part in Choose(table, subject.Context).Parts)
                {
                    Append(unit, part, subject);
                }

                break;
        }
    }

    private void Append(Unit unit, Part part, Subject subject)
    {
        switch (part)
        {
            case Part.Word word:
                unit.Tokens.Add(word.Text);
                break;
            case Part.Article article:
                unit.Tokens.Add(article.Stem is "A" ? Spelling.CapitalArticle : Spelling.Article);
                break;
            case Part.Agreement agreement:
                unit.Tokens.AddRange(subject.Context.Number is Number.Many ? agreement.Many : agreement.One);
                break;
            case Part.Reference reference:
                var elsewhere = reference.Shift is Shift.Other or Shift.Against or Shift.Bad;
                var target = elsewhere ? unit.Second ??= NextSubject(subject.Context.Valence) : subject;
                Expand(unit, reference.Table, target.Judged(Shifted(reference.Shift, subject.Context.Valence)));
                break;
        }
    }

    /// <summary>How a reference is judged in a sentence of the given valence.</summary>
    public static int Shifted(Shift shift, int valence) =>
        shift switch
        {
            Shift.Opposite or Shift.Against => -valence,
            Shift.Good => 1,
            Shift.Bad => -1,
            _ => valence,
        };

    private static Number NumberOf(Production noun) => (Number)System.Numerics.BitOperations.TrailingZeroCount(noun.Guard.Numbers);

    private Production Choose(string symbol, in GrammarContext context)
    {
        var allowed = tables.Allowed(symbol, context);
        var fresh = allowed.Where(IsFresh).ToArray();
        var from = fresh.Length > 0 ? fresh : allowed;
        var left = rng.NextDouble() * from.Sum(p => p.Guard.Weight);
        var chosen = from.First(p => (left -= p.Guard.Weight) < 0 || ReferenceEquals(p, from[^1]));
        if (chosen.Reuse is Reuse.OnceAReview)
        {
            _used.Add(chosen);
        }
        if (chosen.Judgements.Length > 0)
        {
            _judgements.Add(FirstJudgement(chosen));
        }
        return chosen;
    }

    private bool IsFresh(Production production) =>
        !_used.Contains(production) && !_judgements.Contains(FirstJudgement(production)) && !(_filmNamed && production.NamesFilm);

    private static string FirstJudgement(Production production) =>
        production.Judgements.Length > 0 ? string.Join(' ', production.Judgements[0]) : "";

    /// <summary>What is being written; its second noun is drawn when the first production asks for one.</summary>
    private sealed class Unit
    {
        public List<string> Tokens { get; } = [];

        public Subject? Second { get; set; }
    }
}

/// <summary>What a sentence is about: a noun in its context.</summary>
internal sealed record Subject(GrammarContext Context, IReadOnlyList<string> Noun)
{
    public Subject Judged(int valence) => this with { Context = Context with { Valence = valence } };
}
