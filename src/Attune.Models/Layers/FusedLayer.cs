using Attune.Models.Configuration;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>
/// A layer with its backward pass written out: the same mathematics as <see cref="TransformerLayer"/>, in few passes over memory, and with
/// the
/// gradients of weights added where they are kept instead of made, copied and added.
/// </summary>
internal sealed class FusedLayer
{
    private readonly TransformerConfig _config;
    private readonly TensorKernels _kernels;
    private readonly FlatParameters _parameters;
    private readonly string _prefix;
    private readonly FusedLinear _qkv,
        _out,
        _up,
        _down;
    private readonly Parameter _norm1,
        _norm2;
    private readonly Parameter? _queryNorm,
        _keyNorm;
    private readonly Parameter? _norm1Bias,
        _norm2Bias;

    internal FusedLayer(TransformerConfig config, FlatParameters parameters, LinearMaps maps, TensorKernels kernels, int index)
    {
        (_config, _parameters, _kernels, _prefix) = (config, parameters, kernels, $"layers.{index}.");
        (_norm1, _norm1Bias) = Pair("norm1");
        (_queryNorm, _keyNorm) = (parameters.Find($"{_prefix}queryNorm.weight"), parameters.Find($"{_prefix}keyNorm.weight"));
        (_norm2, _norm2Bias) = Pair("norm2");
        (_qkv, _out, _up, _down) = (Linear("qkv"), Linear("out"), Linear("up"), Linear("down"));

        FusedLinear Linear(string name) => new(kernels, maps[_prefix + name], parameters);

        (Parameter, Parameter?) Pair(string name) => (parameters[$"{_prefix}{name}.weight"], parameters.Find($"{_prefix}{name}.bias"));
    }

    /// <summary>What forward leaves for the backward pass, in order.</summary>
    /// <param name="Input">Of all rows, as are the next five; what follows attention is of the wanted rows.</param>
    /// <param name="Raw">The joint rows before queries and keys are normed; null where they are not.</param>
    /// <param name="Wanted">[n] rows whose output was wanted; null where all were.</param>
    internal sealed record Tape(
        Tensor Input,
        Tensor Statistics1,
        Tensor Normed1,
        Tensor Joint,
        Tensor Attended,
        Tensor LogSums,
        Tensor Middle,
        Tensor Statistics2,
        Tensor Normed2,
        Tensor Up,
        Tensor Active,
        Tensor? Raw,
        Tensor? Wanted
    )
    {
        internal Tensor[] All =>
            [Input, Statistics1, Normed1, Joint, Attended, LogSums, Middle, Statistics2, Normed2, Up, Active, Raw!, Wanted!];

        internal static Tape Of(IReadOnlyList<Tensor> all) =>
            new(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], all[8], all[9], all[10], all[11], all[12]);

        /// <summary>A gradient of the wanted rows as one of all rows: 0 elsewhere.</summary>
        internal Tensor Everywhere(Tensor gradient) =>
            Wanted is null ? gradient : zeros([Input.size(0), gradient.size(1)], gradient.dtype).index_add_(0, Wanted, gradient, 1);
    }

    /// <summary>Whether its weights are trained; a layer's weights are, or are not, together.</summary>
    internal bool IsTrained => _norm1.requires_grad;

    /// <summary>
    /// A parameter that ties the layer's output to what is trained in autograd's eyes: its weights, or what an adapter adds to them.
    /// </summary>
    internal Parameter Anchor => TransformerLayer.AnchorOf(_norm1, _qkv.Map, _out.Map, _up.Map, _down.Map);

    /// <param name="input">[rows, width], float32</param>
    /// <param name="wanted">[n] int64 rows whose output is wanted; null for all.</param>
    /// <returns>[rows or n, width], float32</returns>
    internal (Tensor Output, Tape Tape) Forward(Tensor input, FusedView view, Tensor? wanted = null)
    {
        var (normed1, _, statistics1) = _kernels.Norm(_config, input, null, _norm1, _norm1Bias);
        var raw = _qkv.Forward(normed1, view.Rng);
        var joint = _queryNorm is null ? raw : _kernels.HeadNorm(_config, raw, _queryNorm, _keyNorm!);
        var (attended, logSums) = _kernels.Attend(joint, view);
        var branch = _out.Forward(At(attended), view.Rng);
        var (normed2, middle, statistics2) = _kernels.Norm(_config, At(input), branch, _norm2, _norm2Bias);
        var up = _up.Forward(normed2, view.Rng);
        var active = _kernels.Activate(_config, up);
        var output = _kernels.Add(middle, _down.Forward(active, view.Rng));
        return (
            output,
            new Tape(
                input,
                statistics1,
                normed1,
                joint,
                attended,
                logSums,
                middle,
                statistics2,
                normed2,
                up,
                active,
                _queryNorm is null ? null : raw,
                wanted
            )
        );

        Tensor At(Tensor rows) => wanted is null ? rows : rows.index_select(0, wanted);
    }

    /// <summary>Adds to the gradients of the weights.</summary>
    /// <param name="gradient">[rows or n, width], float32, of the output</param>
    /// <returns>The gradient of the input.</returns>
    internal Tensor Backward(Tensor gradient, Tape tape, FusedView view)
    {
        var ofActive = _down.Backward(_kernels.Rounded(gradient), tape.Active, view.Rng, IsTrained);
        var ofUp = _kernels.ActivateBackward(_config, tape.Up, ofActive);
        var ofNormed2 = _up.Backward(ofUp, tape.Normed2, view.Rng, IsTrained);
        var ofMiddle = _kernels.NormBackward(
            _config,
            tape.Middle,
            ofNormed2,
            _norm2,
            tape.Statistics2,
            gradient,
            G("norm2.weight"),
            G("norm2.bias")
        );
        var attended = tape.Wanted is null ? tape.Attended : tape.Attended.index_select(0, tape.Wanted);
        var ofAttended = tape.Everywhere(_out.Backward(_kernels.Rounded(ofMiddle), attended, view.Rng, IsTrained));
        var ofJoint = _kernels.AttendBackward(tape.Joint, tape.Attended, tape.LogSums, ofAttended, view);
        if (_queryNorm is not null)
        {
            _kernels.HeadNormBackward(_config, tape.Raw!, ofJoint, _queryNorm, _keyNorm!, G("queryNorm.weight"), G("keyNorm.weight"));
        }

        var ofNormed1 = _qkv.Backward(ofJoint, tape.Normed1, view.Rng, IsTrained);
        return _kernels.NormBackward(
            _config,
            tape.Input,
            ofNormed1,
            _norm1,
            tape.Statistics1,
            tape.Everywhere(ofMiddle),
            G("norm1.weight"),
            G("norm1.bias")
        );

        Tensor? G(string name) => IsTrained ? _parameters.GradientOf(_prefix + name) : null;
    }
}
