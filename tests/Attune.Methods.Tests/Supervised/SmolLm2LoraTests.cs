using System.Text.Json;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Testing;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Supervised;

/// <summary>Steps of LoRA fine-tuning of a real model from a GGUF file, as PEFT takes them in 32 bits.</summary>
public sealed class SmolLm2LoraTests
{
    /// <param name="steps">Of the golden five.</param>
    [Theory]
    [InlineData(BaseQuantization.None, 5)]
    [InlineData(BaseQuantization.File, 1)]
    public void Golden_steps_are_PEFTs(BaseQuantization kept, int steps)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("golden/smollm2/lora_train.json")));
        var golden = document.RootElement;
        using var scope = NewDisposeScope();
        var file = SharedData.Require("models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        using var origin = ModelFiles.LoadLanguageModel(file, Precision.F32, kept);
        using var model = AdapterFiles.LoadLanguageModel(origin, SharedData.Require("golden/smollm2/lora_init"));
        using var adam = new AdamW([model.Learner], new OptimiserOptions { MaxGradientNorm = 0 });
        var objective = new Sft.Objective(model);
        PackedRow[] rows = [.. golden.GetProperty("rows").EnumerateArray().Select(Row)];
        var tokens = rows.Sum(objective.Weight);
        Assert.Equal(golden.GetProperty("answer_tokens_in_batch").GetDouble(), tokens);
        foreach (var step in golden.GetProperty("f32").GetProperty("steps").EnumerateArray().Take(steps))
        {
            using var inner = NewDisposeScope();
            var loss = objective.Evaluate(rows).SummedLoss / tokens;
            Assert.Equal(step.GetProperty("loss").GetDouble(), loss.ToDouble(), 1e-3);
            loss.backward();
            var norm = adam.Step(step.GetProperty("step").GetInt32(), golden.GetProperty("learning_rate").GetDouble());
            Assert.InRange(norm / step.GetProperty("grad_norm").GetDouble(), 1 - 1e-3, 1 + 1e-3);
        }

        if (steps < 5)
        {
            return;
        }

        using var quiet = no_grad();
        Assert.Equal(
            golden.GetProperty("f32").GetProperty("loss_after_step5").GetDouble(),
            objective.Evaluate(rows).SummedLoss.ToDouble() / tokens,
            1e-3
        );
    }

    private static PackedRow Row(JsonElement row)
    {
        int[] ids = [.. row.GetProperty("ids").EnumerateArray().Select(t => t.GetInt32())];
        return new PackedRow([
            new TokenSequence([.. ids[..row.GetProperty("answer_end").GetInt32()]], row.GetProperty("answer_start").GetInt32()),
        ]);
    }
}
