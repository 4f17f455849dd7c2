using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Data.Judging;
using Attune.Training.Serving;
using Microsoft.Extensions.AI;

namespace Attune.Recipes.Sources;

/// <summary>A model that judges, as a recipe describes it.</summary>
public sealed record JudgeModelOptions
{
    [Description("what makes an answer better; part of the prompt for the judge")]
    public string Criterion { get; init; } = ChatJudgeOptions.DefaultCriterion;

    [Description("both (ask in both orders; an answer has to win both times) or random (ask once, in a random order)")]
    public JudgeOrder Order { get; init; } = JudgeOrder.Both;

    [Description("questions in flight at once")]
    [Range(1, 1000)]
    public int Parallel { get; init; } = 8;

    [Description("longest reply, in tokens; reasoning models need more")]
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 16;

    [Description("temperature of the replies")]
    [Range(0, 2)]
    public double Temperature { get; init; }

    [Flatten]
    public ChatModelOptions Chat { get; init; } = new();

    /// <summary>Ready to be asked; the client is the caller's to dispose.</summary>
    internal (ChatJudge Judge, IChatClient Client) Open()
    {
        var client = Chat.OpenClient(Parallel);
        return (
            new ChatJudge(
                client,
                Chat.Author,
                new ChatJudgeOptions
                {
                    Criterion = Criterion,
                    Order = Order,
                    Parallel = Parallel,
                    MaxTokens = MaxTokens,
                    Temperature = Temperature,
                }
            ),
            client
        );
    }
}
