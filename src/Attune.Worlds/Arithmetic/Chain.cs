using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Runs;

namespace Attune.Worlds.Arithmetic;

/// <summary>
/// A problem: a digit and operations, worked from left to right, of which only last digits count. "3+4*7-5=" comes to 3+4=7, 7*7=9, 9-5=4.
/// </summary>
public sealed record Chain(int Start, ImmutableArray<Operation> Operations)
{
    public const string Signs = "+-*";

    /// <summary>The column of a prompt that holds the right answer.</summary>
    public const string AnswerColumn = "answer";

    /// <summary>Draws one, each digit and sign alike.</summary>
    public static Chain Draw(Rng rng, int length) =>
        new(
            rng.NextInt(10),
            [.. Enumerable.Range(0, length).Select(_ => new Operation(Signs[rng.NextInt(Signs.Length)], rng.NextInt(10)))]
        );

    /// <summary>The problem of a prompt; null where it is none.</summary>
    public static Chain? Read(Prompt prompt)
    {
        var text = prompt.Key;
        if (text.Length < 4 || text.Length % 2 != 0 || text[^1] != '=' || !char.IsAsciiDigit(text[0]))
        {
            return null;
        }

        var operations = ImmutableArray.CreateBuilder<Operation>();
        for (var at = 1; at < text.Length - 1; at += 2)
        {
            if (!Signs.Contains(text[at], StringComparison.Ordinal) || !char.IsAsciiDigit(text[at + 1]))
            {
                return null;
            }

            operations.Add(new Operation(text[at], text[at + 1] - '0'));
        }

        return new Chain(text[0] - '0', operations.ToImmutable());
    }

    public int Answer => Operations.Aggregate(Start, (left, operation) => operation.Of(left));

    public Prompt.Text Prompt
    {
        get
        {
            var text = new StringBuilder().Append(Start);
            foreach (var operation in Operations)
            {
                text.Append(operation.Sign).Append(operation.Operand);
            }

            return new Prompt.Text(text.Append('=').ToString())
            {
                Columns = ImmutableSortedDictionary<string, JsonElement>.Empty.Add(AnswerColumn, JsonSerializer.SerializeToElement(Answer)),
            };
        }
    }

    /// <summary>One step as it is written: "3+4=7".</summary>
    public static string Step(int left, Operation operation, int result) => $"{left}{operation.Sign}{operation.Operand}={result}";

    public bool Equals(Chain? other) => other is not null && Start == other.Start && Operations.SequenceEqual(other.Operations);

    public override int GetHashCode() => Operations.Aggregate(Start, HashCode.Combine);
}
