using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Recipes.Running;
using Attune.Text.Tokenizers;
using Attune.Training.Checkpoints;
using Attune.Worlds.Arithmetic;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Vocabulary;
using Attune.Worlds.Tiny;

namespace Attune.Recipes.Sources;

/// <summary>
/// What a recipe's <c>data:</c> names: a file, or a part of the built-in world of film reviews
/// (<c>reviews:documents</c>, <c>reviews:demonstrations</c>, <c>reviews:prompts</c>, <c>reviews:held-out-prompts</c>), of the language
/// that can be enumerated (<c>tiny:documents</c>, <c>tiny:demonstrations</c>, <c>tiny:prompts</c>), or of chains of arithmetic
/// (<c>arithmetic:</c> and the parts that reviews have).
/// </summary>
public static class DataSource
{
    private const string World = "reviews:";
    private const string TinyWorld = "tiny:";
    private const string ArithmeticChains = "arithmetic:";
    private const string Parts =
        "reviews:documents, reviews:demonstrations, reviews:prompts and reviews:held-out-prompts; tiny:documents, "
        + "tiny:demonstrations and tiny:prompts; arithmetic:documents, arithmetic:demonstrations, arithmetic:prompts and "
        + "arithmetic:held-out-prompts";
    private const string Endless = "a built-in world is endless; say with `rows` how many to draw.";

    public static bool IsWorld(string source) => source.StartsWith(World, StringComparison.Ordinal) || LettersOf(source) is not null;

    /// <summary>The tokenizer that comes with the texts of a world of few letters; null for other sources.</summary>
    public static LetterTokenizer? LettersOf(string source) =>
        source.StartsWith(TinyWorld, StringComparison.Ordinal) ? new(TinyLanguage.Letters, TinyLanguage.End)
        : source.StartsWith(ArithmeticChains, StringComparison.Ordinal) ? new(ArithmeticWorld.Letters, ArithmeticWorld.End)
        : null;

    public static (ImmutableArray<Document> Items, DataHash Hash) Documents(string source, int rows, StageContext context) =>
        source switch
        {
            "reviews:documents" => (
                [.. ReviewWorld.Documents(context.Seed.For("documents"), WorldRows(rows)).Select(d => new Document(d.Text))],
                Drawn(source, rows, context)
            ),
            "tiny:documents" => (
                [
                    .. TinyLanguage
                        .Demonstrations(context.Seed.For("documents"), WorldRows(rows))
                        .Select(d => new Document(d.Prompt.Key + d.Answer)),
                ],
                Drawn(source, rows, context)
            ),
            "arithmetic:documents" => (
                [
                    .. ArithmeticWorld
                        .Demonstrations(context.Seed.For("documents"), WorldRows(rows))
                        .Select(d => new Document(d.Prompt.Key + d.Answer)),
                ],
                Drawn(source, rows, context)
            ),
            _ => DocumentsOfFile(source, rows, context),
        };

    /// <summary>Whether a source holds texts to go on with, without prompts and answers.</summary>
    public static bool HoldsTexts(string source, StageContext context) =>
        IsWorld(source) ? source.EndsWith(":documents", StringComparison.Ordinal) : FileRows.HoldTexts(source, context);

    /// <summary>Rows with an answer are texts too: prompt and answer, one after the other.</summary>
    private static (ImmutableArray<Document> Items, DataHash Hash) DocumentsOfFile(string source, int rows, StageContext context)
    {
        var kinds = IsWorld(source) ? [DatasetKind.LanguageModeling] : FileRows.Kinds(source, context);
        DatasetKind[] texts = [DatasetKind.LanguageModeling, DatasetKind.PromptCompletion, DatasetKind.UnpairedPreference];
        switch (texts.FirstOrDefault(kinds.Contains))
        {
            case DatasetKind.UnpairedPreference:
                var (verdicts, verdictHash) = FromFile<Verdict>(source, rows, context);
                return ([.. verdicts.Select(v => new Document(v.Prompt.Key + v.Answer))], verdictHash);
            case DatasetKind.PromptCompletion:
                var (demonstrations, hash) = FromFile<Demonstration>(source, rows, context);
                return ([.. demonstrations.Select(d => new Document(d.Prompt.Key + d.Answer))], hash);
            default:
                return FromFile<Document>(source, rows, context);
        }
    }

    public static (ImmutableArray<Demonstration> Items, DataHash Hash) Demonstrations(string source, int rows, StageContext context) =>
        source switch
        {
            "reviews:demonstrations" => (
                [.. ReviewWorld.Demonstrations(context.Seed.For("demonstrations"), WorldRows(rows), ReviewSplit.Train)],
                Drawn(source, rows, context)
            ),
            "tiny:demonstrations" => (
                [.. TinyLanguage.Demonstrations(context.Seed.For("demonstrations"), WorldRows(rows))],
                Drawn(source, rows, context)
            ),
            "arithmetic:demonstrations" => (
                [.. ArithmeticWorld.Demonstrations(context.Seed.For("demonstrations"), WorldRows(rows))],
                Drawn(source, rows, context)
            ),
            _ => FromFile<Demonstration>(source, rows, context),
        };

    public static (ImmutableArray<Prompt> Items, DataHash Hash) Prompts(string source, int rows, StageContext context) =>
        source switch
        {
            "reviews:prompts" => (
                [.. ReviewWorld.Prompts(context.Seed.For("prompts"), WorldRows(rows), ReviewSplit.Train)],
                Drawn(source, rows, context)
            ),
            "reviews:held-out-prompts" => (
                [.. ReviewWorld.Prompts(context.Seed.For("held-out-prompts"), WorldRows(rows), ReviewSplit.HeldOut)],
                Drawn(source, rows, context)
            ),
            "tiny:prompts" => ([.. TinyLanguage.RepeatedPrompts(WorldRows(rows))], Drawn(source, rows, context)),
            "arithmetic:prompts" or "arithmetic:held-out-prompts" => (
                [.. ArithmeticWorld.Prompts(context.Seed.For(source[ArithmeticChains.Length..]), WorldRows(rows))],
                Drawn(source, rows, context)
            ),
            _ => PromptsOfFile(source, rows, context),
        };

    /// <summary>Plain texts are prompts too, once a stage cuts them short.</summary>
    private static (ImmutableArray<Prompt> Items, DataHash Hash) PromptsOfFile(string source, int rows, StageContext context)
    {
        if (IsWorld(source) || FileRows.Kinds(source, context).FirstOrDefault() != DatasetKind.LanguageModeling)
        {
            return FromFile<Prompt>(source, rows, context);
        }

        var (documents, hash) = FromFile<Document>(source, rows, context);
        return ([.. documents.Select(d => new Prompt.Text(d.Text))], hash);
    }

    /// <summary>Rows of a file in one of the dataset formats; what was left out is noted.</summary>
    /// <param name="rows">At most this many, drawn at random by the stage's seed and kept in the file's order; 0 for all.</param>
    public static (ImmutableArray<T> Items, DataHash Hash) FromFile<T>(string source, int rows, StageContext context)
    {
        if (IsWorld(source))
        {
            throw new ConfigurationException($"data: {NoSuchPart(source)}");
        }

        return FileRows.Read<T>(source, rows, context);
    }

    /// <summary>What is wrong with a source before it is read, each one sentence: no such file, no such part of the world.</summary>
    public static IEnumerable<string> Missing(string key, string source, int rows) =>
        source switch
        {
            "reviews:documents"
            or "reviews:demonstrations"
            or "reviews:prompts"
            or "reviews:held-out-prompts"
            or "tiny:documents"
            or "tiny:demonstrations"
            or "tiny:prompts"
            or "arithmetic:documents"
            or "arithmetic:demonstrations"
            or "arithmetic:prompts"
            or "arithmetic:held-out-prompts" => rows > 0 ? [] : [$"{key}: {Endless}"],
            _ => MissingFile(key, source),
        };

    /// <summary>The same where only a file will do; nothing where it is left out.</summary>
    public static IEnumerable<string> MissingFile(string key, string? source) =>
        source is null
        || DataMix.Of(source).Select(p => RowSource.ProblemWith(p.Path)).FirstOrDefault(p => p is not null) is not { } problem
            ? []
        : IsWorld(source) ? [$"{key}: {NoSuchPart(source)}"]
        : [$"{key}: {problem}{(source.StartsWith("review", StringComparison.Ordinal) ? $" Or give one of {Parts}." : "")}"];

    private static string NoSuchPart(string source) => $"'{source}' is not a part of a built-in world that fits here; there are {Parts}.";

    private static int WorldRows(int rows) => rows > 0 ? rows : throw new ConfigurationException($"rows: {Endless}");

    private static DataHash Drawn(string source, int rows, StageContext context) =>
        new(source, string.Create(CultureInfo.InvariantCulture, $"drawn-{context.Seed.Value:x16}-{rows}"));
}
