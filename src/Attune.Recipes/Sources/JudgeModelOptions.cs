using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Data.Judging;
using Microsoft.Extensions.AI;

namespace Attune.Recipes.Sources;

/// <summary>A model that judges, as a recipe describes it.</summary>
public sealed record JudgeModelOptions : ChatModelOptions
{
    [Description("what makes an answer better, said to the model")]
    public string Criterion { get; init; } = ChatJudgeOptions.DefaultCriterion;

    [Description("both (asked in both orders; who wins both times is preferred) or random (asked once, in an order by chance)")]
    public JudgeOrder Order { get; init; } = JudgeOrder.Both;

    [Description("questions asked at once")]
    [Range(1, 1000)]
    public int Parallel { get; init; } = 8;

    [Description("longest reply, tokens; models that think aloud need more")]
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 16;

    [Description("temperature of the replies")]
    [Range(0, 2)]
    public double Temperature { get; init; }

    /// <summary>Ready to be asked; the client is the caller's to dispose.</summary>
    internal (ChatJudge Judge, IChatClient Client) Open()
    {
        var client = OpenClient(Parallel);
        return (
            new ChatJudge(
                client,
                Author,
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
