using System.Globalization;
using System.Text;
using Ashlar.Shared;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// Writes a model as an ARPA back-off file, which SRILM, KenLM and speech and translation decoders read. An interpolated model is a
/// back-off model: a seen n-gram is listed with its whole probability, and the interpolation weight is the back-off weight of the rest.
/// </summary>
public static class ArpaWriter
{
    /// <summary>The token before a sentence, as ARPA files spell it.</summary>
    public const string Begin = "<s>";

    /// <summary>The token that ends a sentence, as ARPA files spell it.</summary>
    public const string End = "</s>";

    /// <summary>log10 of zero, as ARPA files spell it.</summary>
    internal const float Zero = -99;

    /// <summary>Writes the file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file.</param>
    /// <param name="token">Spells a token; white space in it is written as <see cref="Spell"/> says.</param>
    /// <exception cref="InvalidDataException">The smoothing is add-k, which back-off weights cannot express.</exception>
    public static void Write(NGramModel model, string path, Func<int, string> token)
    {
        if (model.Header.Smoothing == NGramSmoothing.AddK)
            throw new InvalidDataException($"{path}: an add-k model gives every token the same after a context that was never seen, which the back-off weights of an ARPA file cannot say; choose another smoothing.");
        string[] names = [.. Enumerable.Range(0, model.VocabularySize).Select(id => SpellText(token(id)))];
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            new Export(model, names, writer).Run();
        });
    }

    /// <summary>
    /// A token without white space, which separates the tokens of the file: such a character, and an opening angle bracket before 0x,
    /// becomes <c>&lt;0xHH&gt;</c>. Empty tokens are <c>&lt;0x&gt;</c>.
    /// </summary>
    public static string Spell(string token)
    {
        if (token.Length == 0)
            return "<0x>";
        StringBuilder text = new(token.Length);
        for (int i = 0; i < token.Length; i++)
        {
            if (char.IsWhiteSpace(token[i]) || char.IsControl(token[i]) || (token[i] == '<' && token.AsSpan(i).StartsWith("<0x")))
                text.Append(CultureInfo.InvariantCulture, $"<0x{(int)token[i]:X2}>");
            else
                text.Append(token[i]);
        }

        return text.ToString();
    }

    /// <summary>
    /// As <see cref="Spell"/>, for a token that is not the beginning or the end of a sentence: if it looks like one, its bracket is
    /// written as <c>&lt;0x3C&gt;</c>.
    /// </summary>
    public static string SpellText(string token) => token is Begin or End ? $"<0x3C>{token[1..]}" : Spell(token);

    private sealed class Export(NGramModel model, string[] names, StreamWriter writer)
    {
        private readonly NGramHeader _header = model.Header;
        private readonly NGramFile _file = model.File;
        private readonly bool _counted = model.Header.Smoothing != NGramSmoothing.BackOff;

        public void Run()
        {
            bool shared = _header.BeginId >= 0 && _header.BeginId == _header.EndId;
            writer.WriteLine("\n\\data\\");
            for (int order = 1; order <= _header.Order; order++)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ngram {order}={_file.Levels[order - 1].Nodes + (order == 1 && shared ? 1u : 0)}"));
            writer.WriteLine("\n\\1-grams:");
            if (shared)
                Line(Zero, Begin, (uint)_header.BeginId, 1);
            for (int id = 0; id < _header.VocabularySize; id++)
            {
                double p = id == _header.Excluded ? 0 : model.Evaluator.UnigramProbability(id);
                // Where one token is both, its weight stands at <s>: nothing follows the end of a sentence.
                Line(Log10(p), Name(id, 0, alone: true), shared && id == _header.EndId ? null : (uint)id, 1);
            }

            double[] lower = [.. Enumerable.Range(0, _header.VocabularySize).Select(model.Evaluator.UnigramProbability)];
            uint[] suffixes = [];
            for (int order = 2; order <= _header.Order; order++)
            {
                writer.WriteLine($"\n\\{order}-grams:");
                (lower, suffixes) = Order(order, lower, suffixes);
            }

            writer.WriteLine("\n\\end\\");
        }

        // Probabilities and suffixes of an order, from those of the order below.
        private (double[] Probabilities, uint[] Suffixes) Order(int order, double[] lower, uint[] lowerSuffixes)
        {
            NGramLevel level = _file.Levels[order - 1], contexts = _file.Levels[order - 2];
            double[] probabilities = new double[level.Nodes];
            uint[] suffixes = new uint[level.Nodes];
            int[] path = new int[order];
            Walk(1, 0, (uint)_header.VocabularySize);
            return (probabilities, suffixes);

            void Walk(int depth, uint start, uint end)
            {
                for (uint node = start; node < end; node++)
                {
                    path[depth - 1] = _file.Levels[depth - 1].Word(node);
                    (uint first, uint last) = _file.Levels[depth - 1].Children(node);
                    if (first == last)
                        continue;
                    if (depth < order - 1)
                        Walk(depth + 1, first, last);
                    else
                        Context(node, first, last);
                }
            }

            void Context(uint context, uint start, uint end)
            {
                ContextShare share = _counted ? model.Evaluator.Share(order, context, start, end) : default;
                string before = string.Join(' ', path.Take(order - 1).Select((id, position) => Name(id, position)));
                for (uint node = start; node < end; node++)
                {
                    int word = level.Word(node);
                    double p;
                    if (_counted)
                    {
                        suffixes[node] = order == 2 ? (uint)word : Suffix(lowerSuffixes[context], word);
                        p = model.Evaluator.Own(order, level.Count(node), share) + (share.Left * lower[suffixes[node]]);
                    }
                    else
                    {
                        p = Math.Pow(10, level.Probability(node));
                    }

                    probabilities[node] = p;
                    Line(Log10(p), $"{before} {Name(word, order - 1)}", node, order);
                }
            }

            uint Suffix(uint context, int word)
            {
                (uint start, uint end) = _file.Levels[order - 3].Children(context);
                return contexts.TryFind(start, end, word, out uint node)
                    ? node
                    : throw new InvalidDataException($"{_file.Path}: an n-gram of order {order} is listed without its last {order - 1} tokens; the file is damaged.");
            }
        }

        // A token that is both begins an n-gram as <s> and ends it as </s>; alone it is </s>, its other line is written apart.
        private string Name(int id, int position, bool alone = false) =>
            id == _header.BeginId && (position == 0 || id != _header.EndId) && !(alone && id == _header.EndId) ? Begin
            : id == _header.EndId ? End
            : names[id];

        private void Line(double log, string tokens, uint? node, int order)
        {
            writer.Write(log <= Zero ? "-99" : log.ToString("G9", CultureInfo.InvariantCulture));
            writer.Write('\t');
            writer.Write(tokens);
            if (order < _header.Order && node is { } at)
            {
                double weight = _counted ? Log10(model.Evaluator.Left(order + 1, at)) : _file.Levels[order - 1].Backoff(at);
                if (weight != 0)
                {
                    writer.Write('\t');
                    writer.Write(weight <= Zero ? "-99" : weight.ToString("G9", CultureInfo.InvariantCulture));
                }
            }

            writer.WriteLine();
        }

        private static double Log10(double p) => p > 0 ? Math.Log10(p) : Zero;
    }
}
