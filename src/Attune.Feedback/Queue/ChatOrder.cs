using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Queue;

/// <summary>Strengths of chat turns, whose replies were each shown in their own order.</summary>
internal static class ChatOrder
{
    public static Judgement ToItem(Judgement judgement, List<ChatTurnRow> turns) =>
        judgement is not ChatJudgement chat
            ? judgement
            : chat with
            {
                Turns =
                [
                    .. chat
                        .Turns.OrderBy(t => t.Turn)
                        .Select(t =>
                            TaskPresentation.Order(turns.Single(r => r.Number == t.Turn))[0] == 0
                                ? t
                                : t with
                                {
                                    Strength = Strength.Swap(t.Strength),
                                }
                        ),
                ],
            };
}
